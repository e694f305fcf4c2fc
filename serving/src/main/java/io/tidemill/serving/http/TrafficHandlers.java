package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.protocol.JsonTree;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.serving.registry.StoredVersion;
import io.tidemill.serving.traffic.Traffic;
import io.tidemill.serving.traffic.Trial;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
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
    return CompletableFuture.supplyAsync(
        () -> Replies.json(200, JsonTree.write(Map.of("models", models()))), APART);
  }

  /** What is loaded with all that is known of it, and what else is in the store. */
  private List<?> models() {
    Map<String, List<StoredVersion>> stored = new TreeMap<>();
    registry
        .index()
        .forEach(
            version ->
                stored.computeIfAbsent(version.model(), _ -> new ArrayList<>()).add(version));
    return stored.entrySet().stream()
        .map(model -> model(model.getKey(), model.getValue()))
        .toList();
  }

  /** Replaces the traffic; what the body does not say is as at first. */
  CompletionStage<HttpResponse> set(HttpRequest request, PathValues values) {
    return bodies
        .readJson(request)
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
    return bodies.readJson(request).thenApplyAsync(_ -> change(values.model(), end), APART);
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

  private Map<String, Object> model(String name, List<StoredVersion> stored) {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("name", name);
    Map<String, Map<String, Object>> lineages = lineages(name);
    model.put(
        "versions",
        stored.stream().map(version -> version(version, lineages.get(version.version()))).toList());
    if (!lineages.isEmpty()) {
      Trial trial = registry.trial(name);
      model.put("traffic", TrafficJson.write(trial.traffic()));
      model.put("shown", shown(trial.counts()));
    }
    return model;
  }

  /** Of the loaded versions; none where the model is not loaded, or not any more. */
  private Map<String, Map<String, Object>> lineages(String name) {
    List<LoadedModel> loaded = registry.acquireAll();
    try {
      return loaded.stream()
          .filter(model -> model.name().equals(name))
          .collect(
              Collectors.toMap(model -> String.valueOf(model.version()), LoadedModel::lineage));
    } finally {
      loaded.forEach(LoadedModel::release);
    }
  }

  /** {@code lineage}: null where it is not loaded. */
  private static Map<String, Object> version(StoredVersion stored, Map<String, Object> lineage) {
    Map<String, Object> version = new LinkedHashMap<>();
    version.put("version", Integer.valueOf(stored.version()));
    version.put("loaded", stored.isLoaded());
    if (lineage == null) {
      version.put("reason", stored.reason());
    } else {
      version.put("lineage", lineage);
    }
    return version;
  }

  private static Map<String, Object> shown(Trial.Counts counts) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("canaryRequests", counts.requests());
    shown.put("canaryErrors", counts.errors());
    shown.put(
        "canaryMeanMs", counts.requests() == 0 ? 0 : counts.totalNs() / 1e6 / counts.requests());
    shown.put("shadowCompared", counts.compared());
    shown.put("shadowAgreed", counts.agreed());
    shown.put("shadowDropped", counts.dropped());
    return shown;
  }
}
