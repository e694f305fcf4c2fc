package io.tidemill.serving.inference;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.TensorSpec;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What requests for a model are checked against: its named inputs and outputs, in order.
 *
 * @param isBatchable whether the first dimension of every tensor is open and counts rows, which are
 *     independent of each other and may be batched with those of other requests
 */
public record CallSignature(
    List<TensorSpec> inputs, List<TensorSpec> outputs, boolean isBatchable) {
  public CallSignature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    if (inputs.isEmpty() || outputs.isEmpty()) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "model signature: expected at least one input and one output, found %d and %d"
              .formatted(inputs.size(), outputs.size()));
    }
    if (isBatchable && !tensors(inputs, outputs).allMatch(spec -> spec.shape().isOpen())) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "model signature: expected all of the tensors or none to have an open first dimension,"
              + " found inputs="
              + inputs
              + " outputs="
              + outputs);
    }
  }

  /** Of a program, whose open first dimensions are rows: all of the tensors have them, or none. */
  public static CallSignature ofProgram(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return new CallSignature(
        inputs, outputs, tensors(inputs, outputs).anyMatch(spec -> spec.shape().isOpen()));
  }

  public Optional<TensorSpec> input(String name) {
    return inputs.stream().filter(spec -> spec.name().equals(name)).findFirst();
  }

  public Optional<TensorSpec> output(String name) {
    return outputs.stream().filter(spec -> spec.name().equals(name)).findFirst();
  }

  private static Stream<TensorSpec> tensors(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return Stream.concat(inputs.stream(), outputs.stream());
  }
}
