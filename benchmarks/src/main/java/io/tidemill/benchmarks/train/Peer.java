package io.tidemill.benchmarks.train;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Another framework in one of its modes.
 *
 * @param framework {@code pytorch} or {@code jax}
 * @param script its program among {@link PeerScripts}
 * @param mode what the program calls it
 */
record Peer(String framework, String script, String mode) {
  static Peer pytorch(String mode) {
    return new Peer("pytorch", "torch_peer.py", mode);
  }

  /** The whole step is one compiled function. */
  static Peer jax() {
    return new Peer("jax", "jax_peer.py", "jit");
  }

  String name() {
    return framework + "-" + mode;
  }

  List<String> command(String python, Path scripts, String caseName, int threads) {
    return List.of(
        python, scripts.resolve(script).toString(), caseName, mode, Integer.toString(threads));
  }

  /** The processor alone, the threads that it is given, and no pool of compilers that idles. */
  static Map<String, String> environment(int threads) {
    return Map.of(
        "OMP_NUM_THREADS", Integer.toString(threads),
        "CUDA_VISIBLE_DEVICES", "",
        "JAX_PLATFORMS", "cpu",
        "TORCHINDUCTOR_COMPILE_THREADS", "1");
  }
}
