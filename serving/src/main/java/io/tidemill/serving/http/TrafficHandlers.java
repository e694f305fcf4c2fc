package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.protocol.JsonTree;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelListing;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.serving.traffic.Traffic;
import io.tidemill.serving.traffic.Trial;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** {@code /api/models}: the versions of each model, where they come from, and who is asked. */
final class TrafficHandlers {
  /** Setting traffic loads versions and writes a file, which no thread of the server waits for. */
  private static final Executor APART = task -> Thread.ofVirtual().start(task);

  private final ModelRegistry registry;
  private final BodyReader bodies;

  TrafficHandlers(ModelRegistry registry, BodyReader bodies) {
    this.registry = registry;
    this.bodies = bodies;
  }

  CompletionStage<HttpResponse> models(HttpRequest request, PathValues values) {
    List<?> models = registry.models().stream().map(ModelListing::name).map(this::model).toList();
    return CompletableFuture.completedStage(
        Replies.json(200, JsonTree.write(Map.of("models", models))));
  }

  /** Replaces the traffic; what the body does not say is as at first. */
  CompletionStage<HttpResponse> set(HttpRequest request, PathValues values) {
    return bodies
        .read(request)
        .thenApplyAsync(
            body -> {
              Map<String, Object> fields = JsonTree.readObject(body);
              return change(values.model(), old -> TrafficJson.read(fields, old.decisions()));
            },
            APART);
  }

  CompletionStage<HttpResponse> promote(HttpRequest request, PathValues values) {
    return end(request, values, old -> old.promoted("asked for, " + shown(values)));
  }

  CompletionStage<HttpResponse> rollBack(HttpRequest request, PathValues values) {
    return end(request, values, old -> old.rolledBack("asked for, " + shown(values)));
  }

  private CompletionStage<HttpResponse> end(
      HttpRequest request, PathValues values, UnaryOperator<Traffic> end) {
    return bodies.read(request).thenApplyAsync(_ -> change(values.model(), end), APART);
  }

  private String shown(PathValues values) {
    return registry.trial(values.model()).shown();
  }

  private HttpResponse change(String model, UnaryOperator<Traffic> change) {
    try {
      registry.setTraffic(model, change.apply(registry.trial(model).traffic()));
    } catch (EngineException e) {
      if (e.code() == ErrorCode.CORRUPT_STATE) {
        return Replies.error(422, e.getMessage());
      }
      throw e;
    }
    return Replies.json(200, JsonTree.write(TrafficJson.write(registry.trial(model).traffic())));
  }

  private Map<String, Object> model(String name) {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", name);
    List<LoadedModel> loaded = registry.acquireAll(name);
    try {
      model.put("versions", loaded.stream().map(TrafficHandlers::version).toList());
    } finally {
      loaded.forEach(LoadedModel::release);
    }
    Trial trial = registry.trial(name);
    model.put("traffic", TrafficJson.write(trial.traffic()));
    model.put("shown", shown(trial.counts()));
    return model;
  }

  private static Map<String, Object> version(LoadedModel model) {
    Map<String, Object> version = new LinkedHashMap<>();
    version.put("version", model.version());
    version.put("lineage", model.lineage());
    return version;
  }

  private static Map<String, Object> shown(Trial.Counts counts) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("canaryRequests", counts.requests());
    shown.put("canaryErrors", counts.errors());
    shown.put("shadowCompared", counts.compared());
    shown.put("shadowAgreed", counts.agreed());
    shown.put("shadowDropped", counts.dropped());
    return shown;
  }
}
