package io.tidemill.device.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.tidemill.tensor.Philox;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Dropout of float32 numbers by counter-based random numbers.
 *
 * <p>Exactly: with {@code seed' = Philox.bits(seed, step, shard)}, element {@code 4 b + j} looks at
 * the 16 bits {@code Philox.bits(seed', stream, b) >>> 16 j & 0xffff}; it becomes 0 where they are
 * below {@code 65536 rate}, else x / (1 - rate), the factor rounded to float first. So which
 * elements go depends on key, stream and index alone. Belongs to one instruction.
 */
final class DropoutKernel {
  private static final VectorSpecies<Long> LONGS =
      VectorSpecies.of(long.class, Lanes.SPECIES.vectorShape());
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, Lanes.SPECIES.vectorShape());
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(Lanes.SPECIES.vectorBitSize() / 2));
  private static final LongVector IOTA = LongVector.zero(LONGS).addIndex(1);
  private static final int ROUNDS = 10;
  private static final long LOW_BITS = 0xffffffffL;
  private static final int DECISIONS = 4;
  private static final int UNITS = 65536;

  /** Elements whose decisions are drawn at a time. */
  private static final int TILE = 4096;

  private final long floats;
  private final long stream;
  private final int threshold;
  private final float factor;
  private final MemorySegment bits;

  DropoutKernel(float rate, long stream, long floats) {
    this.floats = floats;
    this.stream = stream;
    this.threshold = Math.round(rate * UNITS);
    this.factor = (float) (1 / (1 - (double) threshold / UNITS));
    this.bits = Arena.ofAuto().allocate((long) TILE * Short.BYTES, Lanes.BYTES);
  }

  void run(MemorySegment x, MemorySegment key, MemorySegment out) {
    long seed =
        Philox.bits(
            key.getAtIndex(JAVA_LONG, 0),
            key.getAtIndex(JAVA_LONG, 1),
            key.getAtIndex(JAVA_LONG, 2));
    for (long from = 0; from < floats; from += TILE) {
      long count = Math.min(TILE, floats - from);
      draw(seed, stream, from / DECISIONS, bits, (count + DECISIONS - 1) / DECISIONS * Long.BYTES);
      drop(x, bits, threshold, factor, out, from * Float.BYTES, count);
    }
  }

  /** {@link Philox#bits} of as many indices as fill {@code bytes}, up to a whole vector. */
  private static void draw(long seed, long stream, long index, MemorySegment bits, long bytes) {
    for (long at = 0; at < bytes; at += Lanes.BYTES) {
      LongVector indices = IOTA.add(index + at / Long.BYTES);
      LongVector c0 = indices.and(LOW_BITS);
      LongVector c1 = indices.lanewise(VectorOperators.LSHR, 32);
      LongVector c2 = LongVector.broadcast(LONGS, stream & LOW_BITS);
      LongVector c3 = LongVector.broadcast(LONGS, stream >>> 32);
      int k0 = (int) seed;
      int k1 = (int) (seed >>> 32);
      for (int round = 0; round < ROUNDS; round++) {
        LongVector product0 = c0.mul(Philox.MULTIPLIER_0);
        LongVector product1 = c2.mul(Philox.MULTIPLIER_1);
        c0 =
            product1
                .lanewise(VectorOperators.LSHR, 32)
                .lanewise(VectorOperators.XOR, c1)
                .lanewise(VectorOperators.XOR, Integer.toUnsignedLong(k0));
        c1 = product1.and(LOW_BITS);
        c2 =
            product0
                .lanewise(VectorOperators.LSHR, 32)
                .lanewise(VectorOperators.XOR, c3)
                .lanewise(VectorOperators.XOR, Integer.toUnsignedLong(k1));
        c3 = product0.and(LOW_BITS);
        k0 += Philox.WEYL_0;
        k1 += Philox.WEYL_1;
      }
      c0.or(c1.lanewise(VectorOperators.LSHL, 32)).intoMemorySegment(bits, at, Lanes.ORDER);
    }
  }

  private static void drop(
      MemorySegment x,
      MemorySegment bits,
      int threshold,
      float factor,
      MemorySegment out,
      long from,
      long count) {
    long whole = Lanes.wholeBytes(count);
    for (long i = 0; i < whole; i += Lanes.BYTES) {
      ShortVector words = ShortVector.fromMemorySegment(SHORTS, bits, i / 2, Lanes.ORDER);
      IntVector draws = (IntVector) words.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
      VectorMask<Float> kept = draws.compare(VectorOperators.GE, threshold).cast(Lanes.SPECIES);
      FloatVector scaled = Lanes.load(x, from + i).mul(factor);
      Lanes.store(Lanes.broadcast(0).blend(scaled, kept), out, from + i);
    }
    for (long i = whole; i < count * Float.BYTES; i += Float.BYTES) {
      boolean kept = Short.toUnsignedInt(bits.get(JAVA_SHORT, i / 2)) >= threshold;
      out.set(JAVA_FLOAT, from + i, kept ? x.get(JAVA_FLOAT, from + i) * factor : 0);
    }
  }
}
