package io.tidemill.device.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
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

  /**
   * For long loops that store by {@code intoMemorySegment} itself: C2 always inlines the Vector
   * API's own methods, but one of ours not once a method has many nodes, and boxes its operand.
   */
  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** For scalar access in hot loops: an aligned layout checks every address, at twice the time. */
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private static final VectorShuffle<Float> BY_8 = rotation(8);
  private static final VectorShuffle<Float> BY_4 = rotation(4);
  private static final VectorShuffle<Float> BY_2 = rotation(2);
  private static final VectorShuffle<Float> BY_1 = rotation(1);

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
  static float sum(FloatVector vector) {
    FloatVector sum = vector;
    if (LENGTH > 8) {
      sum = sum.add(sum.rearrange(BY_8));
    }
    if (LENGTH > 4) {
      sum = sum.add(sum.rearrange(BY_4));
    }
    if (LENGTH > 2) {
      sum = sum.add(sum.rearrange(BY_2));
    }
    return sum.add(sum.rearrange(BY_1)).lane(0);
  }

  /** Lane by lane b where it is above a, else a: a NaN in a stays, one in b is passed over. */
  static FloatVector larger(FloatVector a, FloatVector b) {
    return a.blend(b, b.compare(VectorOperators.GT, a));
  }

  /** Largest of the lanes, none of them NaN. */
  static float max(FloatVector vector) {
    FloatVector max = vector;
    if (LENGTH > 8) {
      max = larger(max, max.rearrange(BY_8));
    }
    if (LENGTH > 4) {
      max = larger(max, max.rearrange(BY_4));
    }
    if (LENGTH > 2) {
      max = larger(max, max.rearrange(BY_2));
    }
    return larger(max, max.rearrange(BY_1)).lane(0);
  }

  private static VectorShuffle<Float> rotation(int by) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane + by) % LENGTH);
  }
}
