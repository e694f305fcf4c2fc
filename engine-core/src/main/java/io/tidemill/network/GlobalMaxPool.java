package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import java.util.List;

/** Largest of each channel: [*, height, width, channels] to [*, channels]. */
public record GlobalMaxPool() implements Layer {
  public static GlobalMaxPool of() {
    return new GlobalMaxPool();
  }

  @Override
  public String kind() {
    return "global-max-pool";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectImages(input);
    int pixels = input.shape().dim(1) * input.shape().dim(2);
    Op rows = new Op.Reshape(List.of(pixels, input.shape().dim(3)));
    return tracer.apply(new Op.Reduce(Op.Reduction.MAX, 1), tracer.apply(rows, input));
  }
}
