package io.tidemill.device.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Causal attention over qkv [samples, length, 3 width], float32, on the calling thread alone.
 *
 * <p>Two of them, as of {@link Gemm}. Each keeps scratch space that instructions of one shape
 * share: they run one after the other.
 */
interface Attention {
  /** The result [samples, length, width]. */
  void forward(MemorySegment qkv, MemorySegment out);

  /**
   * The gradient of qkv, from that of the result. With P the probabilities and dP = dy values^T: d
   * values = P^T dy, dS = P (dP - sum(P dP)), d queries = scale dS keys, d keys = scale dS^T
   * queries.
   */
  void gradient(MemorySegment qkv, MemorySegment dy, MemorySegment out);

  /** Makes them; what they hold is gone when the owner closes. */
  @FunctionalInterface
  interface Factory {
    Attention of(Heads shape, Arena owner);
  }

  /** Its shape. */
  record Heads(int samples, int length, int width, int heads) {
    /** Floats of a head. */
    int size() {
      return width / heads;
    }

    /** What a score is multiplied by. */
    float scale() {
      return (float) (1 / Math.sqrt(size()));
    }
  }
}
