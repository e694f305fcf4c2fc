package io.tidemill.serving.grpc;

import io.grpc.Status;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.proto.ModelConfigRequest;
import io.tidemill.serving.proto.ModelConfigResponse;
import io.tidemill.serving.proto.ModelMetadataRequest;
import io.tidemill.serving.proto.ModelMetadataResponse;
import io.tidemill.serving.proto.ModelReadyRequest;
import io.tidemill.serving.proto.ModelReadyResponse;
import io.tidemill.serving.proto.ModelRepositoryParameter;
import io.tidemill.serving.proto.ModelStatisticsRequest;
import io.tidemill.serving.proto.ModelStatisticsResponse;
import io.tidemill.serving.proto.RepositoryIndexRequest;
import io.tidemill.serving.proto.RepositoryIndexResponse;
import io.tidemill.serving.proto.RepositoryModelLoadRequest;
import io.tidemill.serving.proto.RepositoryModelLoadResponse;
import io.tidemill.serving.proto.RepositoryModelUnloadRequest;
import io.tidemill.serving.proto.RepositoryModelUnloadResponse;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.serving.registry.StoredVersion;
import io.tidemill.serving.traffic.StickyKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What is asked about models, and of the repository. Blocks where files are read or a model is
 * loaded. Any thread.
 */
final class ModelQuestions {
  private final ModelRegistry registry;

  ModelQuestions(ModelRegistry registry) {
    this.registry = registry;
  }

  /** Not ready where it is in the store and not loaded; unknown where it is not there either. */
  ModelReadyResponse ready(ModelReadyRequest request) {
    boolean isReady;
    try {
      isReady = with(request.getName(), request.getVersion(), _ -> true);
    } catch (EngineException e) {
      if (!registry.isStored(request.getName(), Calls.version(request.getVersion()))) {
        throw e;
      }
      isReady = false;
    }
    return ModelReadyResponse.newBuilder().setReady(isReady).build();
  }

  ModelMetadataResponse metadata(ModelMetadataRequest request) {
    List<String> versions = registry.versions(request.getName());
    return with(
        request.getName(), request.getVersion(), model -> ModelMessages.metadata(model, versions));
  }

  ModelConfigResponse configuration(ModelConfigRequest request) {
    return with(
        request.getName(),
        request.getVersion(),
        model ->
            ModelConfigResponse.newBuilder().setConfig(ModelMessages.configuration(model)).build());
  }

  ModelStatisticsResponse statistics(ModelStatisticsRequest request) {
    List<LoadedModel> models = statisticsOf(request);
    try {
      return ModelStatisticsResponse.newBuilder()
          .addAllModelStats(models.stream().map(ModelMessages::statistics).toList())
          .build();
    } finally {
      models.forEach(LoadedModel::release);
    }
  }

  RepositoryIndexResponse index(RepositoryIndexRequest request) {
    RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
    for (StoredVersion version : registry.index()) {
      if (version.isLoaded() || !request.getReady()) {
        index
            .addModelsBuilder()
            .setName(version.model())
            .setVersion(version.version())
            .setState(version.isLoaded() ? "READY" : "UNAVAILABLE")
            .setReason(version.reason());
      }
    }
    return index.build();
  }

  RepositoryModelLoadResponse load(RepositoryModelLoadRequest request) {
    refuseOverrides(request.getParametersMap());
    try {
      registry.load(request.getModelName());
      return RepositoryModelLoadResponse.getDefaultInstance();
    } catch (EngineException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        throw e;
      }
      throw Statuses.plain(
          Status.FAILED_PRECONDITION,
          "model \"%s\" cannot be loaded: %s".formatted(request.getModelName(), e.getMessage()));
    }
  }

  RepositoryModelUnloadResponse unload(RepositoryModelUnloadRequest request) {
    registry.unload(request.getModelName());
    return RepositoryModelUnloadResponse.getDefaultInstance();
  }

  private <A> A with(String name, String version, Function<LoadedModel, A> answer) {
    LoadedModel model = registry.acquire(name, Calls.version(version), StickyKey.NONE);
    try {
      return answer.apply(model);
    } finally {
      model.release();
    }
  }

  private List<LoadedModel> statisticsOf(ModelStatisticsRequest request) {
    Optional<String> version = Calls.version(request.getVersion());
    if (version.isPresent()) {
      return List.of(registry.acquire(request.getName(), version, StickyKey.NONE));
    }
    return request.getName().isEmpty()
        ? registry.acquireAll()
        : registry.acquireAll(request.getName());
  }

  /** Triton lets a client send the model itself; here versions are immutable files. */
  private static void refuseOverrides(Map<String, ModelRepositoryParameter> parameters) {
    if (!parameters.isEmpty()) {
      throw Refusals.invalid(
          "parameters: expected none, because a version is loaded as it lies in the repository;"
              + " found %s",
          parameters.keySet());
    }
  }
}
