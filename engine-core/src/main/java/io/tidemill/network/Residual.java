package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;
import java.util.List;

/**
 * {@code x + layers(x)}: the layers learn what to add. He and others 2016.
 *
 * @param layers one after the other; their result has the shape of x
 */
public record Residual(List<Layer> layers) implements Layer {
  public Residual {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "a residual needs at least one layer, found none");
    }
  }

  public static Residual of(Layer... layers) {
    return new Residual(List.of(layers));
  }

  @Override
  public String kind() {
    return "residual";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.Add(), input, tracer.nested(layers, input));
  }
}
