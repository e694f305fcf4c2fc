package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;
import java.util.Optional;

/**
 * Fully connected: {@code x weight + bias}, x [*, in] or [*, ..., in], weight [in, out], bias
 * [out], float32.
 *
 * @param biased whether there is a bias
 * @param initializer of the weight; the bias begins at zero
 */
public record Dense(int in, int out, boolean biased, Initializer initializer) implements Layer {
  public Dense {
    if (in < 1 || out < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "Dense.of(%d, %d): expected at least one input and one output".formatted(in, out));
    }
  }

  /** A dense layer with Glorot-uniform weights. */
  public static Dense of(int in, int out) {
    return new Dense(in, out, true, new Initializer.GlorotUniform());
  }

  /** This layer with He-uniform weights, for layers before a {@link Relu}. */
  public Dense he() {
    return initializer(new Initializer.HeUniform());
  }

  /** This layer with other first weights. */
  public Dense initializer(Initializer weights) {
    return new Dense(in, out, biased, weights);
  }

  /** This layer without a bias. */
  public Dense withoutBias() {
    return new Dense(in, out, false, initializer);
  }

  @Override
  public String kind() {
    return "dense";
  }

  @Override
  public Optional<Shape> input() {
    return Optional.of(Shape.of(Shape.ANY, in));
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectFeatures(input, in);
    Value weight = tracer.parameter("weight", Shape.of(in, out), initializer);
    if (!biased) {
      return tracer.apply(new Op.MatMul(false, false), input, weight);
    }
    Value bias = tracer.parameter("bias", Shape.of(out), new Initializer.Constant(0));
    Value product = tracer.apply(new Op.MatMul(false, false), input, weight);
    return tracer.apply(new Op.AddBias(), product, bias);
  }
}
