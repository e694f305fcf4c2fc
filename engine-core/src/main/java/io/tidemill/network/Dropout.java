package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Philox;

/**
 * In training, sets elements to zero at random and scales the others up; else nothing. Srivastava
 * and others 2014.
 *
 * @param rate share of zeros, from 0 to below 1, rounded to a multiple of 1/65536
 */
public record Dropout(float rate) implements Layer {
  public Dropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "Dropout.of: expected a rate in [0, 1), found " + rate);
    }
  }

  public static Dropout of(double rate) {
    return new Dropout((float) rate);
  }

  @Override
  public String kind() {
    return "dropout";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    if (!tracer.isTraining()) {
      return input;
    }
    Op.Dropout dropout = new Op.Dropout(rate, Philox.stream(tracer.name()));
    return tracer.apply(dropout, input, tracer.randomKey());
  }
}
