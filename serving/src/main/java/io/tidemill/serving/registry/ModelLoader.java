package io.tidemill.serving.registry;

import io.tidemill.device.Device;
import io.tidemill.model.OnnxFile;
import io.tidemill.model.Servable;
import io.tidemill.model.StoredModel;
import io.tidemill.serving.batch.BatchExecutors;
import io.tidemill.serving.batch.BatchModel;
import io.tidemill.serving.batch.BatchQueue;
import io.tidemill.serving.batch.Submission;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.metrics.ModelMeters;
import io.tidemill.serving.metrics.ServingMetrics;
import io.tidemill.serving.onnx.OnnxModel;
import io.tidemill.tensor.NamedTensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Turns a stored version into one that answers: a model in memory, a queue, meters. */
final class ModelLoader {
  /** A model in memory, and what is said about it. */
  private record Opened(
      BatchModel model, String platform, Map<String, Object> lineage, List<String> labels) {}

  private final Device device;
  private final BatchExecutors executors;
  private final ServingMetrics metrics;
  private final ModelRegistry.Limits limits;

  ModelLoader(
      Device device,
      BatchExecutors executors,
      ServingMetrics metrics,
      ModelRegistry.Limits limits) {
    this.device = device;
    this.executors = executors;
    this.metrics = metrics;
    this.limits = limits;
  }

  /**
   * The model, warmed, with one reference that belongs to the caller.
   *
   * @param recent what other versions of it were asked of late
   */
  LoadedModel load(Servable stored, RecentCalls recent) {
    Opened opened = open(stored);
    ModelMeters meters = metrics.model(stored.name(), String.valueOf(stored.version()));
    LoadedModel model =
        new LoadedModel(
            stored.name(),
            stored.version(),
            opened.platform(),
            opened.model().signature(),
            opened.lineage(),
            opened.labels(),
            new BatchQueue(opened.model(), executors, meters, limits.queue()),
            meters,
            recent);
    try {
      model.queue().warm();
      replay(recent.fitting(model.signature()), opened.model());
      return model;
    } catch (RuntimeException e) {
      model.release();
      throw e;
    }
  }

  /**
   * Has the executors run what clients have asked, by a queue of its own: nobody counts it. An
   * input that cannot be computed is no fault of the version; the client was told.
   */
  private void replay(List<List<NamedTensor>> calls, BatchModel model) {
    try (ServingMetrics uncounted = new ServingMetrics()) {
      ModelMeters meters = uncounted.model("replay", "0");
      BatchQueue queue = new BatchQueue(model, executors, meters, limits.queue());
      for (List<NamedTensor> inputs : calls) {
        if (queue.submit(inputs, Urgency.NORMAL)
            instanceof
            Submission.Accepted(CompletableFuture<List<NamedTensor>> answer, Runnable _)) {
          answer.exceptionally(_ -> List.of()).join();
        }
      }
    }
  }

  private Opened open(Servable stored) {
    return switch (stored) {
      case StoredModel ours ->
          new Opened(
              StoredPrograms.open(ours, device, limits.batchRows(), executors.count()),
              "tidemill",
              StoredPrograms.lineage(ours),
              ours.description().labels());
      case OnnxFile onnx -> {
        Map<String, Object> lineage = lineage(onnx);
        yield new Opened(
            OnnxModel.open(onnx, limits.batchRows()), "onnxruntime_onnx", lineage, List.of());
      }
    };
  }

  private static Map<String, Object> lineage(OnnxFile onnx) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("file", onnx.file().getFileName().toString());
    values.put("sha256", onnx.sha256());
    values.put("modelVersion", onnx.version());
    return values;
  }
}
