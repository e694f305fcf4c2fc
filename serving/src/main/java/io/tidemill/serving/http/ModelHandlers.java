package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.serving.protocol.JsonTree;
import io.tidemill.serving.protocol.ProtocolWriter;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelListing;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.serving.traffic.StickyKey;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** What the protocols say about the server and its models. */
final class ModelHandlers {
  private final ModelRegistry registry;
  private final String serverVersion;

  ModelHandlers(ModelRegistry registry, String serverVersion) {
    this.registry = registry;
    this.serverVersion = serverVersion;
  }

  CompletionStage<HttpResponse> server(HttpRequest request, PathValues values) {
    return reply(200, ProtocolWriter.serverMetadata("tidemill", serverVersion));
  }

  CompletionStage<HttpResponse> models(HttpRequest request, PathValues values) {
    List<String> names = registry.models().stream().map(ModelListing::name).toList();
    return reply(200, ProtocolWriter.modelNames(names));
  }

  CompletionStage<HttpResponse> model(HttpRequest request, PathValues values) {
    List<String> versions = registry.versions(values.model());
    LoadedModel model = registry.acquire(values.model(), values.version(), StickyKey.NONE);
    try {
      return reply(
          200,
          ProtocolWriter.modelMetadata(
              model.name(), model.platform(), versions, model.signature()));
    } finally {
      model.release();
    }
  }

  /** A model that is loaded is ready; one that is stored only is not (503), others are unknown. */
  CompletionStage<HttpResponse> modelReady(HttpRequest request, PathValues values) {
    try {
      registry.acquire(values.model(), values.version(), StickyKey.NONE).release();
      return reply(200, ProtocolWriter.modelReady(values.model(), true));
    } catch (EngineException e) {
      if (!registry.isStored(values.model(), values.version())) {
        throw e;
      }
      return reply(503, ProtocolWriter.modelReady(values.model(), false));
    }
  }

  /** {@code GET /v1/models/{model}/metadata}. */
  CompletionStage<HttpResponse> signature(HttpRequest request, PathValues values) {
    LoadedModel model = registry.acquire(values.model(), values.version(), StickyKey.NONE);
    try {
      return reply(200, JsonTree.write(SignatureDocument.of(model)));
    } finally {
      model.release();
    }
  }

  /** Of one version, of those of one model, or of all. */
  CompletionStage<HttpResponse> statistics(HttpRequest request, PathValues values) {
    List<LoadedModel> models = acquire(values);
    try {
      Object statistics = models.stream().map(ModelDocuments::statistics).toList();
      return reply(200, JsonTree.write(Map.of("model_stats", statistics)));
    } finally {
      models.forEach(LoadedModel::release);
    }
  }

  CompletionStage<HttpResponse> configuration(HttpRequest request, PathValues values) {
    LoadedModel model = registry.acquire(values.model(), values.version(), StickyKey.NONE);
    try {
      return reply(200, JsonTree.write(ModelDocuments.configuration(model)));
    } finally {
      model.release();
    }
  }

  private List<LoadedModel> acquire(PathValues values) {
    if (values.version().isPresent()) {
      return List.of(registry.acquire(values.model(), values.version(), StickyKey.NONE));
    }
    return values.model() == null ? registry.acquireAll() : registry.acquireAll(values.model());
  }

  private static CompletionStage<HttpResponse> reply(int status, byte[] body) {
    return CompletableFuture.completedStage(Replies.json(status, body));
  }
}
