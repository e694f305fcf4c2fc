package io.tidemill.serving.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The signature that an ONNX file itself tells.
 *
 * <p>It has rows where the first dimension of each input and output is open and all bear one name,
 * as exporters write it; a dimension without a name may be any. A configuration may say otherwise.
 */
final class OnnxSignature {
  private OnnxSignature() {}

  static CallSignature of(OrtSession session) throws OrtException {
    Map<String, NodeInfo> inputs = session.getInputInfo();
    Map<String, NodeInfo> outputs = session.getOutputInfo();
    List<TensorSpec> given = specs("input", inputs);
    for (TensorSpec spec : given) {
      if (OnnxTypes.inputTypeOf(spec.type()).isEmpty()) {
        throw refused("input", spec.name(), spec.type().protocolName());
      }
    }
    return new CallSignature(given, specs("output", outputs), hasRows(inputs, outputs));
  }

  private static boolean hasRows(Map<String, NodeInfo> inputs, Map<String, NodeInfo> outputs) {
    List<TensorInfo> tensors =
        Stream.concat(inputs.values().stream(), outputs.values().stream())
            .map(node -> (TensorInfo) node.getInfo())
            .toList();
    Set<String> names =
        tensors.stream()
            .filter(OnnxSignature::isOpen)
            .map(tensor -> tensor.getDimensionNames()[0])
            .filter(name -> !name.isEmpty())
            .collect(Collectors.toSet());
    return tensors.stream().allMatch(OnnxSignature::isOpen) && names.size() <= 1;
  }

  private static boolean isOpen(TensorInfo tensor) {
    return tensor.getShape().length > 0 && tensor.getShape()[0] < 0;
  }

  private static List<TensorSpec> specs(String kind, Map<String, NodeInfo> nodes) {
    return nodes.values().stream().map(node -> spec(kind, node)).toList();
  }

  private static TensorSpec spec(String kind, NodeInfo node) {
    if (!(node.getInfo() instanceof TensorInfo tensor)) {
      throw refused(kind, node.getName(), "a sequence or map");
    }
    DataType type =
        OnnxTypes.typeOf(tensor.onnxType)
            .orElseThrow(
                () ->
                    refused(
                        kind,
                        node.getName(),
                        tensor.onnxType.name().replace("ONNX_TENSOR_ELEMENT_DATA_TYPE_", "")));
    return new TensorSpec(node.getName(), type, shape(tensor));
  }

  private static Shape shape(TensorInfo tensor) {
    return Shape.open(
        Arrays.stream(tensor.getShape())
            .mapToInt(dim -> dim < 0 ? Shape.ANY : Math.toIntExact(dim))
            .toArray());
  }

  private static EngineException refused(String kind, String name, String found) {
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "%s \"%s\": expected a tensor of a type that can be %s (BOOL, INT8 to INT64, UINT8%s, FP16,"
                .formatted(
                    kind,
                    name,
                    kind.equals("input") ? "given to ONNX Runtime" : "answered",
                    kind.equals("input") ? "" : " to UINT64")
            + " BF16, FP32, FP64), found "
            + found);
  }
}
