package io.tidemill.device.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * How the CPU kernels use vectors, so that bits do not depend on who compiled a loop or when.
 *
 * <p>Rules: the width is the machine's preferred one and never changes in a process. Multiply-add
 * is written {@code fma} where it is meant, and Java contracts nothing by itself. A tail is a
 * masked vector, or the same operations on single numbers, so an element's bits do not depend on
 * where it lies. Lanes are reduced by {@link #sum}, whose order is fixed; {@code reduceLanes}
 * leaves its order open and differs between interpreter and compiler. Loads need no alignment.
 */
final class Lanes {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LENGTH = SPECIES.length();
  static final long BYTES = SPECIES.vectorByteSize();

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private Lanes() {}

  /** The bytes of {@code floats} that whole vectors cover. */
  static long wholeBytes(long floats) {
    return floats / LENGTH * BYTES;
  }

  /** The lanes that are left after the whole vectors; none where they cover all. */
  static VectorMask<Float> tail(long floats) {
    return SPECIES.indexInRange(0, floats % LENGTH);
  }

  static FloatVector load(MemorySegment source, long byteOffset) {
    return FloatVector.fromMemorySegment(SPECIES, source, byteOffset, ORDER);
  }

  /** Lanes outside the mask are 0. */
  static FloatVector load(MemorySegment source, long byteOffset, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(SPECIES, source, byteOffset, ORDER, mask);
  }

  static void store(FloatVector vector, MemorySegment target, long byteOffset) {
    vector.intoMemorySegment(target, byteOffset, ORDER);
  }

  static void store(
      FloatVector vector, MemorySegment target, long byteOffset, VectorMask<Float> mask) {
    vector.intoMemorySegment(target, byteOffset, ORDER, mask);
  }

  static FloatVector broadcast(float number) {
    return FloatVector.broadcast(SPECIES, number);
  }

  /** Sum of the lanes by halving: lane i and lane i + width/2, and again. */
  static float sum(FloatVector vector, float[] scratch) {
    vector.intoArray(scratch, 0);
    for (int half = LENGTH / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        scratch[i] += scratch[i + half];
      }
    }
    return scratch[0];
  }
}
