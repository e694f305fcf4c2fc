package io.tidemill.benchmarks.serve;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A server of Python that answers the same JSON about the same model.
 *
 * @param name in reports
 * @param script its program among the resources of this package
 * @param mode what the program calls it
 * @param packages what has to be installed
 */
record ServePeer(String name, String script, String mode, String packages) {
  private static final List<String> FILES =
      List.of("served_model.py", "fastapi_peer.py", "ray_peer.py");

  /** All of them. */
  static final List<ServePeer> ALL =
      List.of(
          new ServePeer("fastapi-pytorch", "fastapi_peer.py", "plain", "fastapi uvicorn torch"),
          new ServePeer("ray-serve", "ray_peer.py", "plain", "'ray[serve]' torch"),
          new ServePeer("ray-serve-batched", "ray_peer.py", "batched", "'ray[serve]' torch"));

  /** Writes the programs of all into a folder. */
  static void copyScripts(Path folder) {
    for (String file : FILES) {
      try (InputStream in = ServePeer.class.getResourceAsStream("peers/" + file)) {
        Files.copy(in, folder.resolve(file));
      } catch (IOException e) {
        throw new EngineException(
            ErrorCode.RESOURCE, "peer script " + file + " cannot be written into " + folder, e);
      }
    }
  }

  /** The words that start it. */
  List<String> command(String python, Path scripts, ServedModel model) {
    return List.of(
        python, scripts.resolve(script).toString(), mode, model.stored().weightsPath().toString());
  }

  /** The processor alone; a thread an operator, because requests share the cores. */
  static Map<String, String> environment() {
    return Map.of(
        "OMP_NUM_THREADS", "1", "CUDA_VISIBLE_DEVICES", "", "RAY_USAGE_STATS_ENABLED", "0");
  }

  /** The sentence that says why it is not there. */
  String absence(String reason, String python) {
    return "%s is absent: %s; install it by %s -m pip install %s, or name another interpreter with --python"
        .formatted(name, reason, python, packages);
  }
}
