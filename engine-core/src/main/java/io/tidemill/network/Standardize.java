package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;
import java.util.Optional;

/**
 * (x - mean) / standard deviation for each feature, x [*, features].
 *
 * <p>Mean and deviation are not trained: they are adapted from the data before the first step, as
 * Keras' {@code Normalization.adapt} does, and then stay. What it sees are the features as the
 * layers before it leave them, so those must be without parameters.
 */
public record Standardize(int features) implements Layer {

  public static Standardize of(int features) {
    return new Standardize(features);
  }

  @Override
  public String kind() {
    return "standardize";
  }

  @Override
  public Optional<Shape> input() {
    return Optional.of(Shape.of(Shape.ANY, features));
  }

  @Override
  public Optional<Adaptation> adaptation(String name) {
    return Optional.of(new Adaptation(name + ".mean", name + ".inverseStd", features));
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expect(input, Shape.of(Shape.ANY, features));
    Value mean = tracer.adapted("mean", Shape.of(features), new Initializer.Constant(0));
    Value inverseStd =
        tracer.adapted("inverseStd", Shape.of(features), new Initializer.Constant(1));
    return tracer.apply(new Op.Standardize(), input, mean, inverseStd);
  }
}
