package io.tidemill.model;

import io.tidemill.tensor.TensorSpec;
import java.util.List;

/**
 * What a model takes and gives.
 *
 * @param inputs tensors of a request
 * @param outputs tensors of an answer
 */
public record Signature(List<TensorSpec> inputs, List<TensorSpec> outputs) {
  public Signature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
