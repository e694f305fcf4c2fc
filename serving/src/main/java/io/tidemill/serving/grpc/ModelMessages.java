package io.tidemill.serving.grpc;

import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.metrics.ModelStatistics.Total;
import io.tidemill.serving.proto.DataType;
import io.tidemill.serving.proto.InferStatistics;
import io.tidemill.serving.proto.ModelConfig;
import io.tidemill.serving.proto.ModelDynamicBatching;
import io.tidemill.serving.proto.ModelInput;
import io.tidemill.serving.proto.ModelMetadataResponse;
import io.tidemill.serving.proto.ModelMetadataResponse.TensorMetadata;
import io.tidemill.serving.proto.ModelOutput;
import io.tidemill.serving.proto.ModelStatistics;
import io.tidemill.serving.proto.StatisticDuration;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;

/** A model version as messages describe it; what HTTP says in JSON. */
final class ModelMessages {
  private static final String ONNX = "onnxruntime_onnx";

  private ModelMessages() {}

  static ModelMetadataResponse metadata(LoadedModel model, List<String> versions) {
    return ModelMetadataResponse.newBuilder()
        .setName(model.name())
        .addAllVersions(versions)
        .setPlatform(model.platform())
        .addAllInputs(tensors(model.signature().inputs()))
        .addAllOutputs(tensors(model.signature().outputs()))
        .build();
  }

  static ModelConfig configuration(LoadedModel model) {
    CallSignature signature = model.signature();
    boolean isBatchable = signature.isBatchable();
    int from = isBatchable ? 1 : 0; // the dimension of the batch is not counted
    ModelConfig.Builder config =
        ModelConfig.newBuilder()
            .setName(model.name())
            .setPlatform(model.platform())
            .setBackend(model.platform().equals(ONNX) ? "onnxruntime" : model.platform())
            .setMaxBatchSize(isBatchable ? model.queue().batchRows() : 0);
    for (TensorSpec spec : signature.inputs()) {
      config.addInput(
          ModelInput.newBuilder()
              .setName(spec.name())
              .setDataType(type(spec))
              .addAllDims(dims(spec, from)));
    }
    for (TensorSpec spec : signature.outputs()) {
      config.addOutput(
          ModelOutput.newBuilder()
              .setName(spec.name())
              .setDataType(type(spec))
              .addAllDims(dims(spec, from)));
    }
    if (isBatchable) {
      config.setDynamicBatching(ModelDynamicBatching.getDefaultInstance());
    }
    return config.build();
  }

  static ModelStatistics statistics(LoadedModel model) {
    io.tidemill.serving.metrics.ModelStatistics counted = model.meters().statistics();
    return ModelStatistics.newBuilder()
        .setName(model.name())
        .setVersion(String.valueOf(model.version()))
        .setLastInference(counted.lastMs())
        .setInferenceCount(counted.rows())
        .setExecutionCount(counted.batches())
        .setInferenceStats(
            InferStatistics.newBuilder()
                .setSuccess(duration(counted.success()))
                .setFail(duration(counted.failure()))
                .setQueue(duration(counted.queue()))
                .setComputeInput(StatisticDuration.getDefaultInstance())
                .setComputeInfer(duration(counted.compute()))
                .setComputeOutput(StatisticDuration.getDefaultInstance())
                .setCacheHit(StatisticDuration.getDefaultInstance())
                .setCacheMiss(StatisticDuration.getDefaultInstance()))
        .build();
  }

  private static StatisticDuration duration(Total total) {
    return StatisticDuration.newBuilder().setCount(total.count()).setNs(total.ns()).build();
  }

  private static DataType type(TensorSpec spec) {
    return DataType.valueOf("TYPE_" + spec.type().protocolName());
  }

  private static List<TensorMetadata> tensors(List<TensorSpec> specs) {
    return specs.stream()
        .map(
            spec ->
                TensorMetadata.newBuilder()
                    .setName(spec.name())
                    .setDatatype(spec.type().protocolName())
                    .addAllShape(dims(spec, 0))
                    .build())
        .toList();
  }

  private static List<Long> dims(TensorSpec spec, int from) {
    int[] dims = spec.shape().dims();
    return Arrays.stream(dims, from, dims.length).asLongStream().boxed().toList();
  }
}
