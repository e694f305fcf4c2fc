package io.tidemill.device.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of float32 numbers in double: half a vector of floats becomes a whole vector of doubles.
 *
 * <p>The same rules as {@link Lanes}: fixed width, masked tails, lanes summed by halving.
 */
final class DoubleLanes {
  static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(float.class, VectorShape.forBitSize(Lanes.SPECIES.vectorBitSize() / 2));
  static final VectorSpecies<Double> SPECIES =
      VectorSpecies.of(double.class, Lanes.SPECIES.vectorShape());
  static final int LENGTH = SPECIES.length();

  /** Bytes of the floats of one vector. */
  static final long BYTES = FLOATS.vectorByteSize();

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final VectorShuffle<Double> BY_4 = rotation(4);
  private static final VectorShuffle<Double> BY_2 = rotation(2);
  private static final VectorShuffle<Double> BY_1 = rotation(1);

  private DoubleLanes() {}

  /** The bytes of {@code floats} that whole vectors cover. */
  static long wholeBytes(long floats) {
    return floats / LENGTH * BYTES;
  }

  /** The lanes that are left after the whole vectors; none where they cover all. */
  static VectorMask<Float> tail(long floats) {
    return FLOATS.indexInRange(0, floats % LENGTH);
  }

  static FloatVector load(MemorySegment source, long byteOffset) {
    return FloatVector.fromMemorySegment(FLOATS, source, byteOffset, ORDER);
  }

  /** Lanes outside the mask are 0. */
  static FloatVector load(MemorySegment source, long byteOffset, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(FLOATS, source, byteOffset, ORDER, mask);
  }

  static DoubleVector widen(FloatVector floats) {
    return (DoubleVector) floats.convertShape(VectorOperators.F2D, SPECIES, 0);
  }

  /** Stores the numbers, rounded to floats. */
  static void store(DoubleVector vector, MemorySegment target, long byteOffset) {
    FloatVector floats = (FloatVector) vector.convertShape(VectorOperators.D2F, FLOATS, 0);
    floats.intoMemorySegment(target, byteOffset, ORDER);
  }

  static DoubleVector zero() {
    return DoubleVector.broadcast(SPECIES, 0);
  }

  /** Sum of the lanes by halving: lane i and lane i + width/2, and again. */
  static double sum(DoubleVector vector) {
    DoubleVector sum = vector;
    if (LENGTH > 4) {
      sum = sum.add(sum.rearrange(BY_4));
    }
    if (LENGTH > 2) {
      sum = sum.add(sum.rearrange(BY_2));
    }
    return sum.add(sum.rearrange(BY_1)).lane(0);
  }

  private static VectorShuffle<Double> rotation(int by) {
    return VectorShuffle.fromOp(SPECIES, lane -> (lane + by) % LENGTH);
  }
}
