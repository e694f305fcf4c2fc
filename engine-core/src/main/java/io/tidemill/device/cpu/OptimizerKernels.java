package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.tidemill.program.Optimizer;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Optimiser updates of a range of floats; formulas at {@link Optimizer}. Each element goes through
 * the same operations wherever the range begins, so cutting an arena in slices keeps its bits.
 *
 * <p>Moments nearer to zero than {@link #NEGLIGIBLE} become zero: the moment of a weight whose
 * gradient has stopped would else decay into subnormal numbers, and those are 50 times slower.
 */
final class OptimizerKernels {
  static final float NEGLIGIBLE = 1e-30f;

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
    float momentum = sgd.momentum();
    float rate = -sgd.learningRate();
    boolean nesterov = sgd.nesterov();
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      FloatVector g = Lanes.load(gradient, i);
      FloatVector v = Lanes.load(velocity, i).fma(Lanes.broadcast(momentum), g);
      v = v.blend(0f, v.abs().compare(VectorOperators.LT, NEGLIGIBLE));
      Lanes.store(v, velocity, i);
      FloatVector direction = nesterov ? v.fma(Lanes.broadcast(momentum), g) : v;
      FloatVector p = Lanes.load(parameters, i);
      Lanes.store(direction.fma(Lanes.broadcast(rate), p), parameters, i);
    }
    for (long i = end; i < start + floats * Float.BYTES; i += Float.BYTES) {
      float g = gradient.get(JAVA_FLOAT, i);
      float v = Math.fma(velocity.get(JAVA_FLOAT, i), momentum, g);
      v = Math.abs(v) < NEGLIGIBLE ? 0 : v;
      velocity.set(JAVA_FLOAT, i, v);
      float direction = nesterov ? Math.fma(v, momentum, g) : v;
      parameters.set(JAVA_FLOAT, i, Math.fma(direction, rate, parameters.get(JAVA_FLOAT, i)));
    }
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
    AdamFactors by = AdamFactors.of(adam, step);
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      FloatVector g = Lanes.load(gradient, i);
      FloatVector m = g.mul(by.oneMinusBeta1());
      m = Lanes.load(first, i).fma(Lanes.broadcast(by.beta1()), m);
      m = m.blend(0f, m.abs().compare(VectorOperators.LT, NEGLIGIBLE));
      Lanes.store(m, first, i);
      FloatVector v = g.mul(g).mul(by.oneMinusBeta2());
      v = Lanes.load(second, i).fma(Lanes.broadcast(by.beta2()), v);
      v = v.blend(0f, v.compare(VectorOperators.LT, NEGLIGIBLE));
      Lanes.store(v, second, i);
      FloatVector root = v.lanewise(VectorOperators.SQRT);
      root = root.fma(Lanes.broadcast(by.rootScale()), Lanes.broadcast(by.epsilon()));
      FloatVector p = Lanes.load(parameters, i);
      Lanes.store(p.sub(m.mul(by.rate()).div(root)), parameters, i);
    }
    if (end < start + floats * Float.BYTES) {
      adamTail(by, parameters, gradient, first, second, end, start + floats * Float.BYTES);
    }
  }

  /**
   * The floats behind the last whole vector; none in an arena. A method of its own, because C2
   * hoists the range checks of a loop that is never entered and then gives up the code of the whole
   * method, again and again (docs/design/0005).
   */
  private static void adamTail(
      AdamFactors by,
      MemorySegment parameters,
      MemorySegment gradient,
      MemorySegment first,
      MemorySegment second,
      long from,
      long to) {
    for (long i = from; i < to; i += Float.BYTES) {
      float g = gradient.get(JAVA_FLOAT, i);
      float m = Math.fma(first.get(JAVA_FLOAT, i), by.beta1(), g * by.oneMinusBeta1());
      m = Math.abs(m) < NEGLIGIBLE ? 0 : m;
      first.set(JAVA_FLOAT, i, m);
      float v = Math.fma(second.get(JAVA_FLOAT, i), by.beta2(), g * g * by.oneMinusBeta2());
      v = v < NEGLIGIBLE ? 0 : v;
      second.set(JAVA_FLOAT, i, v);
      float root = Math.fma((float) Math.sqrt(v), by.rootScale(), by.epsilon());
      parameters.set(JAVA_FLOAT, i, parameters.get(JAVA_FLOAT, i) - m * by.rate() / root);
    }
  }

  static void adagrad(
      Optimizer.Adagrad adagrad,
      MemorySegment parameters,
      MemorySegment gradient,
      MemorySegment squares,
      long from,
      long floats) {
    float rate = adagrad.learningRate();
    float epsilon = adagrad.epsilon();
    long start = from * Float.BYTES;
    long end = start + Lanes.wholeBytes(floats);
    for (long i = start; i < end; i += BYTES) {
      FloatVector g = Lanes.load(gradient, i);
      FloatVector s = g.fma(g, Lanes.load(squares, i));
      Lanes.store(s, squares, i);
      FloatVector root = s.lanewise(VectorOperators.SQRT).add(epsilon);
      Lanes.store(Lanes.load(parameters, i).sub(g.mul(rate).div(root)), parameters, i);
    }
    if (end < start + floats * Float.BYTES) {
      adagradTail(adagrad, parameters, gradient, squares, end, start + floats * Float.BYTES);
    }
  }

  /** The floats behind the last whole vector; see {@link #adamTail}. */
  private static void adagradTail(
      Optimizer.Adagrad adagrad,
      MemorySegment parameters,
      MemorySegment gradient,
      MemorySegment squares,
      long from,
      long to) {
    for (long i = from; i < to; i += Float.BYTES) {
      float g = gradient.get(JAVA_FLOAT, i);
      float s = Math.fma(g, g, squares.get(JAVA_FLOAT, i));
      squares.set(JAVA_FLOAT, i, s);
      float root = (float) Math.sqrt(s) + adagrad.epsilon();
      float moved = g * adagrad.learningRate() / root;
      parameters.set(JAVA_FLOAT, i, parameters.get(JAVA_FLOAT, i) - moved);
    }
  }
}
