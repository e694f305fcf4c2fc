package io.tidemill.serving.protocol;

import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.TensorSpec;
import java.util.List;
import java.util.Optional;

/**
 * A V2 inference request that fits the model's signature.
 *
 * @param id the client's, to be echoed
 * @param parameters what it says about how it is to be answered
 * @param inputs one for each of the signature's, in its order; binary ones lie in the body, at any
 *     byte
 * @param outputs what to answer, in the order asked for
 */
public record InferRequest(
    Optional<String> id,
    RequestParameters parameters,
    List<NamedTensor> inputs,
    List<Output> outputs) {
  /**
   * An output that was asked for.
   *
   * @param isBinary whether its elements are to stand behind the JSON
   */
  public record Output(TensorSpec spec, boolean isBinary) {}

  public InferRequest {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
