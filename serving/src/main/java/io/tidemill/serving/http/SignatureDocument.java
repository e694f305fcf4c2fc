package io.tidemill.serving.http;

import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.TensorSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's signature in the words of V1.
 *
 * @see <a href="https://www.tensorflow.org/tfx/serving/api_rest#model_metadata_api">TensorFlow
 *     Serving, "Model Metadata API"</a>
 */
final class SignatureDocument {
  private SignatureDocument() {}

  static Map<String, Object> of(LoadedModel model) {
    Map<String, Object> specification = new LinkedHashMap<>();
    specification.put("name", model.name());
    specification.put("signature_name", "");
    specification.put("version", String.valueOf(model.version()));
    Map<String, Object> signature = new LinkedHashMap<>();
    signature.put("inputs", tensors(model.signature().inputs()));
    signature.put("outputs", tensors(model.signature().outputs()));
    signature.put("method_name", "tensorflow/serving/predict");
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("model_spec", specification);
    document.put(
        "metadata",
        Map.of("signature_def", Map.of("signature_def", Map.of("serving_default", signature))));
    return document;
  }

  private static Map<String, Object> tensors(List<TensorSpec> specs) {
    Map<String, Object> tensors = new LinkedHashMap<>();
    specs.forEach(spec -> tensors.put(spec.name(), tensor(spec)));
    return tensors;
  }

  /** Sizes are texts, as protobuf's JSON has 64-bit numbers. */
  private static Map<String, Object> tensor(TensorSpec spec) {
    List<?> dims =
        Arrays.stream(spec.shape().dims())
            .mapToObj(dim -> Map.of("size", String.valueOf(dim)))
            .toList();
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("dim", dims);
    shape.put("unknown_rank", false);
    Map<String, Object> tensor = new LinkedHashMap<>();
    tensor.put("dtype", type(spec.type()));
    tensor.put("tensor_shape", shape);
    tensor.put("name", spec.name());
    return tensor;
  }

  private static String type(DataType type) {
    return switch (type) {
      case FLOAT16 -> "DT_HALF";
      case FLOAT32 -> "DT_FLOAT";
      case FLOAT64 -> "DT_DOUBLE";
      case BFLOAT16 -> "DT_BFLOAT16";
      default -> "DT_" + type.protocolName();
    };
  }
}
