package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import java.util.List;

/** Mean of each channel: [*, height, width, channels] to [*, channels]. */
public record GlobalAveragePool() implements Layer {
  public static GlobalAveragePool of() {
    return new GlobalAveragePool();
  }

  @Override
  public String kind() {
    return "global-average-pool";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectImages(input);
    int pixels = input.shape().dim(1) * input.shape().dim(2);
    Op rows = new Op.Reshape(List.of(pixels, input.shape().dim(3)));
    return tracer.apply(new Op.Reduce(Op.Reduction.MEAN, 1), tracer.apply(rows, input));
  }
}
