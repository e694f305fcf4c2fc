package io.tidemill.device.cpu;

import java.lang.foreign.MemorySegment;

/**
 * An element by element operation over whole vectors: no tail, so that the loop is short and soon
 * compiled. Called through this interface, it is compiled apart from its caller, with C2's whole
 * inlining budget to itself (design 0005).
 */
@FunctionalInterface
interface ElementLoop {

  /**
   * Computes {@code bytes} bytes of out, a multiple of {@link Lanes#BYTES}, each operand from its
   * own byte on. An operation of one operand reads {@code a} alone. out may be an operand.
   */
  void run(
      MemorySegment a,
      long aByte,
      MemorySegment b,
      long bByte,
      MemorySegment out,
      long outByte,
      long bytes);
}
