package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.Philox;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongToDoubleFunction;

/**
 * What a parameter holds before the first step: a pure function of (seed, parameter name, index).
 *
 * <p>Weights are [..., in, out]: the fan-out is the last dimension times those before the last two
 * (a convolution's window), the fan-in the product of all but the last.
 */
public sealed interface Initializer {

  /** Every element the same. */
  record Constant(float fill) implements Initializer {}

  /** Uniform within ±limit. */
  record Uniform(double limit) implements Initializer {}

  /** Normal around 0. */
  record Normal(double deviation) implements Initializer {}

  /** Uniform within ±sqrt(6 / in). He and others 2015, for layers before a Relu. */
  record HeUniform() implements Initializer {}

  /** Normal with deviation sqrt(2 / in). He and others 2015. */
  record HeNormal() implements Initializer {}

  /** Uniform within ±sqrt(6 / (in + out)). Glorot, Bengio 2010. */
  record GlorotUniform() implements Initializer {}

  /** Normal with deviation sqrt(2 / (in + out)). Glorot, Bengio 2010. */
  record GlorotNormal() implements Initializer {}

  /** Normal with deviation sqrt(1 / in). LeCun and others 1998. */
  record LecunNormal() implements Initializer {}

  /**
   * By its name, as users give it: zeros, ones, he-uniform, he-normal, glorot-uniform,
   * glorot-normal, lecun-normal, normal (deviation 0.02).
   */
  static Initializer named(String name) {
    Map<String, Initializer> known =
        new TreeMap<>(
            Map.of(
                "zeros", new Constant(0),
                "ones", new Constant(1),
                "he-uniform", new HeUniform(),
                "he-normal", new HeNormal(),
                "glorot-uniform", new GlorotUniform(),
                "glorot-normal", new GlorotNormal(),
                "lecun-normal", new LecunNormal(),
                "normal", new Normal(0.02)));
    Initializer initializer = known.get(name);
    if (initializer == null) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "initializer expected one of " + known.keySet() + ", found " + name);
    }
    return initializer;
  }

  /** Writes the elements of one parameter, row-major float32. */
  default void fill(long seed, String parameter, Shape shape, MemorySegment target) {
    LongToDoubleFunction element = elements(seed, Philox.stream(parameter), shape);
    long count = shape.elements();
    float[] some = new float[(int) Math.min(count, 4096)];
    for (long first = 0; first < count; first += some.length) {
      int length = (int) Math.min(some.length, count - first);
      for (int i = 0; i < length; i++) {
        some[i] = (float) element.applyAsDouble(first + i);
      }
      MemorySegment.copy(some, 0, target, ValueLayout.JAVA_FLOAT, first * Float.BYTES, length);
    }
  }

  /** What an element is, by its index. */
  private LongToDoubleFunction elements(long seed, long stream, Shape shape) {
    return switch (this) {
      case Constant(float fill) -> _ -> fill;
      case Uniform(double limit) -> uniform(seed, stream, limit);
      case HeUniform _ -> uniform(seed, stream, Math.sqrt(6.0 / in(shape)));
      case GlorotUniform _ -> uniform(seed, stream, Math.sqrt(6.0 / (in(shape) + out(shape))));
      case Normal(double deviation) -> normal(seed, stream, deviation);
      case HeNormal _ -> normal(seed, stream, Math.sqrt(2.0 / in(shape)));
      case GlorotNormal _ -> normal(seed, stream, Math.sqrt(2.0 / (in(shape) + out(shape))));
      case LecunNormal _ -> normal(seed, stream, Math.sqrt(1.0 / in(shape)));
    };
  }

  private static LongToDoubleFunction uniform(long seed, long stream, double limit) {
    return index -> (2.0 * Philox.uniform(seed, stream, index) - 1) * limit;
  }

  private static LongToDoubleFunction normal(long seed, long stream, double deviation) {
    return index -> Philox.normal(seed, stream, index) * deviation;
  }

  private static double in(Shape shape) {
    return (double) shape.elements() / shape.dim(-1);
  }

  private static double out(Shape shape) {
    return shape.rank() < 2 ? shape.dim(-1) : (double) shape.elements() / shape.dim(-2);
  }
}
