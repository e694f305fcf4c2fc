package io.tidemill.serving.http;

import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.metrics.ModelStatistics;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.TensorSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model version as Triton's clients want it described.
 *
 * @see <a
 *     href="https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md">the
 *     extension statistics</a>
 * @see <a
 *     href="https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md">the
 *     extension model_configuration</a>
 */
final class ModelDocuments {
  private static final String ONNX = "onnxruntime_onnx";
  private static final ModelStatistics.Total NONE = new ModelStatistics.Total(0, 0);

  private ModelDocuments() {}

  /** Times are nanoseconds, as the extension has them. */
  static Map<String, Object> statistics(LoadedModel model) {
    ModelStatistics counted = model.meters().statistics();
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("name", model.name());
    document.put("version", String.valueOf(model.version()));
    document.put("last_inference", counted.lastMs());
    document.put("inference_count", counted.rows());
    document.put("execution_count", counted.batches());
    document.put("inference_stats", times(counted));
    document.put("batch_stats", List.of());
    document.put("memory_usage", List.of());
    return document;
  }

  static Map<String, Object> configuration(LoadedModel model) {
    CallSignature signature = model.signature();
    int batchRows = model.queue().batchRows();
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("name", model.name());
    document.put("platform", model.platform());
    document.put("backend", model.platform().equals(ONNX) ? "onnxruntime" : model.platform());
    document.put("max_batch_size", signature.isBatchable() ? batchRows : 0);
    document.put("input", tensors(signature, signature.inputs()));
    document.put("output", tensors(signature, signature.outputs()));
    if (signature.isBatchable()) {
      document.put("dynamic_batching", Map.of("max_queue_delay_microseconds", 0));
    }
    return document;
  }

  private static Map<String, Object> times(ModelStatistics counted) {
    Map<String, Object> times = new LinkedHashMap<>();
    times.put("success", total(counted.success()));
    times.put("fail", total(counted.failure()));
    times.put("queue", total(counted.queue()));
    times.put("compute_input", total(NONE));
    times.put("compute_infer", total(counted.compute()));
    times.put("compute_output", total(NONE));
    times.put("cache_hit", total(NONE));
    times.put("cache_miss", total(NONE));
    return times;
  }

  private static Map<String, Object> total(ModelStatistics.Total total) {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("count", total.count());
    document.put("ns", total.ns());
    return document;
  }

  /** Without the dimension of the batch, which Triton does not count. */
  private static List<Map<String, Object>> tensors(
      CallSignature signature, List<TensorSpec> specs) {
    int from = signature.isBatchable() ? 1 : 0;
    return specs.stream().map(spec -> tensor(spec, from)).toList();
  }

  private static Map<String, Object> tensor(TensorSpec spec, int from) {
    int[] dims = spec.shape().dims();
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("name", spec.name());
    document.put("data_type", "TYPE_" + spec.type().protocolName());
    document.put("dims", Arrays.stream(dims, from, dims.length).boxed().toList());
    return document;
  }
}
