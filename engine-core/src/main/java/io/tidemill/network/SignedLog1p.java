package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;

/**
 * sign(x) log(1 + |x|), element by element: for features with long tails, such as amounts and
 * counts, before a {@link Standardize}.
 *
 * <p>log(1 + x) from 0 up; below 0 its mirror image, so that any number is allowed.
 */
public record SignedLog1p() implements Layer {
  public static SignedLog1p of() {
    return new SignedLog1p();
  }

  @Override
  public String kind() {
    return "signed-log1p";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    return tracer.apply(new Op.SignedLog1p(), input);
  }
}
