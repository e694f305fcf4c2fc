package io.tidemill.serving.registry;

import io.tidemill.device.Device;
import io.tidemill.model.OnnxFile;
import io.tidemill.model.Servable;
import io.tidemill.model.StoredModel;
import io.tidemill.serving.batch.BatchExecutors;
import io.tidemill.serving.batch.BatchModel;
import io.tidemill.serving.batch.BatchQueue;
import io.tidemill.serving.metrics.ModelMeters;
import io.tidemill.serving.metrics.ServingMetrics;
import io.tidemill.serving.onnx.OnnxModel;
import java.util.LinkedHashMap;
import java.util.Map;

/** Turns a stored version into one that answers: a model in memory, a queue, meters. */
final class ModelLoader {
  /** A model in memory, and what is said about it. */
  private record Opened(BatchModel model, String platform, Map<String, Object> lineage) {}

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

  /** The model, warmed, with one reference that belongs to the caller. */
  LoadedModel load(Servable stored) {
    Opened opened = open(stored);
    ModelMeters meters = metrics.model(stored.name(), String.valueOf(stored.version()));
    LoadedModel model =
        new LoadedModel(
            stored.name(),
            stored.version(),
            opened.platform(),
            opened.model().signature(),
            opened.lineage(),
            new BatchQueue(opened.model(), executors, meters, limits.queue()),
            meters);
    try {
      model.queue().warm();
      return model;
    } catch (RuntimeException e) {
      model.release();
      throw e;
    }
  }

  private Opened open(Servable stored) {
    return switch (stored) {
      case StoredModel ours ->
          new Opened(
              StoredPrograms.open(ours, device, limits.batchRows(), executors.count()),
              "tidemill",
              StoredPrograms.lineage(ours));
      case OnnxFile onnx -> {
        Map<String, Object> lineage = lineage(onnx);
        yield new Opened(OnnxModel.open(onnx, limits.batchRows()), "onnxruntime_onnx", lineage);
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
