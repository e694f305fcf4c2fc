package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import io.tidemill.program.Optimizer;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Optimiser updates of a range of floats; formulas at {@link Optimizer}. Each element goes through
 * the same operations wherever the range begins, so cutting an arena in slices keeps its bits.
 */
final class OptimizerKernels {
  private OptimizerKernels() {}

  static void sgd(
      Optimizer.Sgd sgd, MemorySegment parameters, MemorySegment gradient, long from, long floats) {
    FloatVector rate = Lanes.broadcast(-sgd.learningRate());
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      Lanes.store(Lanes.load(gradient, i).fma(rate, Lanes.load(parameters, i)), parameters, i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      FloatVector g = Lanes.load(gradient, end, tail);
      Lanes.store(g.fma(rate, Lanes.load(parameters, end, tail)), parameters, end, tail);
    }
  }

  static void momentum(
      Optimizer.Sgd sgd,
      MemorySegment parameters,
      MemorySegment gradient,
      MemorySegment velocity,
      long from,
      long floats) {
    FloatVector rate = Lanes.broadcast(-sgd.learningRate());
    FloatVector momentum = Lanes.broadcast(sgd.momentum());
    boolean nesterov = sgd.nesterov();
    VectorMask<Float> all = Lanes.SPECIES.maskAll(true);
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      momentumStep(parameters, gradient, velocity, i, all, rate, momentum, nesterov);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      momentumStep(parameters, gradient, velocity, end, tail, rate, momentum, nesterov);
    }
  }

  private static void momentumStep(
      MemorySegment parameters,
      MemorySegment gradient,
      MemorySegment velocity,
      long i,
      VectorMask<Float> mask,
      FloatVector rate,
      FloatVector momentum,
      boolean nesterov) {
    FloatVector g = Lanes.load(gradient, i, mask);
    FloatVector v = Lanes.load(velocity, i, mask).fma(momentum, g);
    FloatVector direction = nesterov ? v.fma(momentum, g) : v;
    Lanes.store(v, velocity, i, mask);
    Lanes.store(direction.fma(rate, Lanes.load(parameters, i, mask)), parameters, i, mask);
  }

  static void adam(
      Optimizer.Adam adam,
      long step,
      MemorySegment parameters,
      MemorySegment gradient,
      MemorySegment first,
      MemorySegment second,
      long from,
      long floats) {
    AdamFactors factors = AdamFactors.of(adam, step);
    VectorMask<Float> all = Lanes.SPECIES.maskAll(true);
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      adamStep(factors, parameters, gradient, first, second, i, all);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      adamStep(factors, parameters, gradient, first, second, end, tail);
    }
  }

  private static void adamStep(
      AdamFactors factors,
      MemorySegment parameters,
      MemorySegment gradient,
      MemorySegment first,
      MemorySegment second,
      long i,
      VectorMask<Float> mask) {
    FloatVector g = Lanes.load(gradient, i, mask);
    FloatVector m =
        Lanes.load(first, i, mask)
            .fma(Lanes.broadcast(factors.beta1), g.mul(factors.oneMinusBeta1));
    FloatVector v =
        Lanes.load(second, i, mask)
            .fma(Lanes.broadcast(factors.beta2), g.mul(g).mul(factors.oneMinusBeta2));
    FloatVector root =
        v.lanewise(VectorOperators.SQRT)
            .fma(Lanes.broadcast(factors.rootScale), Lanes.broadcast(factors.epsilon));
    Lanes.store(m, first, i, mask);
    Lanes.store(v, second, i, mask);
    FloatVector moved = Lanes.load(parameters, i, mask).sub(m.mul(factors.rate).div(root));
    Lanes.store(moved, parameters, i, mask);
  }

  /** What one step multiplies by; powers and roots in double, rounded once. */
  private record AdamFactors(
      float beta1,
      float oneMinusBeta1,
      float beta2,
      float oneMinusBeta2,
      float rate,
      float rootScale,
      float epsilon) {
    static AdamFactors of(Optimizer.Adam adam, long step) {
      double correction1 = 1 - StrictMath.pow(adam.beta1(), (double) step);
      double correction2 = 1 - StrictMath.pow(adam.beta2(), (double) step);
      return new AdamFactors(
          adam.beta1(),
          (float) (1.0 - adam.beta1()),
          adam.beta2(),
          (float) (1.0 - adam.beta2()),
          (float) (adam.learningRate() / correction1),
          (float) (1 / Math.sqrt(correction2)),
          adam.epsilon());
    }
  }
}
