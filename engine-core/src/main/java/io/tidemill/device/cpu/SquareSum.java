package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sum of squares in double: exact squares, two sums of lanes (the lower and the upper halves of
 * the float vectors), and at the end their lanes by halving. The length alone decides the order.
 *
 * <p>Confined to one thread: owns the scratch space for the last sum.
 */
final class SquareSum {
  private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;

  private final double[] lanes = new double[SPECIES.length()];

  double sum(MemorySegment memory, long from, long floats) {
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    DoubleVector lower = DoubleVector.zero(SPECIES);
    DoubleVector upper = DoubleVector.zero(SPECIES);
    for (long i = start; i < end; i += BYTES) {
      FloatVector floatsAt = Lanes.load(memory, i);
      DoubleVector low = half(floatsAt, 0);
      DoubleVector high = half(floatsAt, 1);
      lower = low.fma(low, lower);
      upper = high.fma(high, upper);
    }
    double sum = sumLanes(lower.add(upper));
    VectorMask<Float> tail = Lanes.tail(floats);
    return tail.anyTrue() ? sum + tailSum(Lanes.load(memory, end, tail)) : sum;
  }

  private double tailSum(FloatVector floatsAt) {
    DoubleVector low = half(floatsAt, 0);
    DoubleVector high = half(floatsAt, 1);
    return sumLanes(low.mul(low).add(high.mul(high)));
  }

  private static DoubleVector half(FloatVector floatsAt, int part) {
    return (DoubleVector) floatsAt.convertShape(VectorOperators.F2D, SPECIES, part);
  }

  private double sumLanes(DoubleVector vector) {
    vector.intoArray(lanes, 0);
    for (int half = lanes.length / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }
}
