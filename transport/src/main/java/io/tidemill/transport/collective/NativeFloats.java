package io.tidemill.transport.collective;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums and copies of float32 at addresses of native memory.
 *
 * <p>Addresses and not segments: a term may lie in our memory, in a mapped file or in a frame of
 * Aeron's, and a segment for each frame would be garbage. Nothing is checked here; callers keep
 * what they name alive and inside its bounds. The vector rules are those of the CPU device.
 */
final class NativeFloats {
  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final long VECTOR_BYTES = SPECIES.vectorByteSize();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private NativeFloats() {}

  /** {@code out = a + b}; out may be a or b. */
  static void add(long a, long b, long out, long floats) {
    long whole = floats / SPECIES.length() * VECTOR_BYTES;
    for (long i = 0; i < whole; i += VECTOR_BYTES) {
      FloatVector left = FloatVector.fromMemorySegment(SPECIES, MEMORY, a + i, ORDER);
      FloatVector right = FloatVector.fromMemorySegment(SPECIES, MEMORY, b + i, ORDER);
      left.add(right).intoMemorySegment(MEMORY, out + i, ORDER);
    }
    if (floats % SPECIES.length() != 0) {
      addTail(a + whole, b + whole, out + whole, floats % SPECIES.length());
    }
  }

  static void copy(long from, long to, long floats) {
    MemorySegment.copy(MEMORY, from, MEMORY, to, floats * Float.BYTES);
  }

  private static void addTail(long a, long b, long out, long floats) {
    VectorMask<Float> tail = SPECIES.indexInRange(0, floats);
    FloatVector left = FloatVector.fromMemorySegment(SPECIES, MEMORY, a, ORDER, tail);
    FloatVector right = FloatVector.fromMemorySegment(SPECIES, MEMORY, b, ORDER, tail);
    left.add(right).intoMemorySegment(MEMORY, out, ORDER, tail);
  }
}
