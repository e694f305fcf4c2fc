package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.protocol.JsonTree;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.serving.registry.StoredVersion;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * What is in the repository, and what of it is loaded.
 *
 * @see <a
 *     href="https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md">the
 *     extension model_repository</a>
 */
final class RepositoryHandlers {
  /** Loading reads files and compiles, which no thread of the server may wait for. */
  private static final Executor APART = task -> Thread.ofVirtual().start(task);

  private final ModelRegistry registry;
  private final BodyReader bodies;

  RepositoryHandlers(ModelRegistry registry, BodyReader bodies) {
    this.registry = registry;
    this.bodies = bodies;
  }

  /** All versions in the store; with {@code "ready": true} in the body the loaded ones only. */
  CompletionStage<HttpResponse> index(HttpRequest request, PathValues values) {
    return bodies
        .readJson(request)
        .thenApplyAsync(
            body -> {
              boolean isReadyOnly = isReadyOnly(JsonTree.readObject(body));
              Object index =
                  registry.index().stream()
                      .filter(version -> version.isLoaded() || !isReadyOnly)
                      .map(RepositoryHandlers::entry)
                      .toList();
              return Replies.json(200, JsonTree.write(index));
            },
            APART);
  }

  CompletionStage<HttpResponse> load(HttpRequest request, PathValues values) {
    return bodies
        .readJson(request)
        .thenApplyAsync(
            body -> {
              refuseOverrides(JsonTree.readObject(body));
              return load(values.model());
            },
            APART);
  }

  CompletionStage<HttpResponse> unload(HttpRequest request, PathValues values) {
    return bodies
        .readJson(request)
        .thenApplyAsync(
            body -> {
              JsonTree.readObject(body);
              registry.unload(values.model());
              return done();
            },
            APART);
  }

  /** A version that cannot be loaded is the repository's fault, not the server's: no 500. */
  private HttpResponse load(String model) {
    try {
      registry.load(model);
      return done();
    } catch (EngineException e) {
      if (e.code() == ErrorCode.NOT_FOUND) {
        throw e;
      }
      return Replies.error(
          422, "model \"%s\" cannot be loaded: %s".formatted(model, e.getMessage()));
    }
  }

  private static HttpResponse done() {
    return Replies.json(200, JsonTree.write(Map.of()));
  }

  private static boolean isReadyOnly(Map<String, Object> body) {
    Object ready = body.getOrDefault("ready", false);
    if (ready instanceof Boolean flag) {
      return flag;
    }
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT, "ready: expected true or false, found " + ready);
  }

  /** Triton lets a client send the model itself; here versions are immutable files. */
  private static void refuseOverrides(Map<String, Object> body) {
    Object parameters = body.getOrDefault("parameters", Map.of());
    if (!Map.of().equals(parameters)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "parameters: expected none, because a version is loaded as it lies in the repository;"
              + " found "
              + parameters);
    }
  }

  private static Map<String, Object> entry(StoredVersion version) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", version.model());
    entry.put("version", version.version());
    entry.put("state", version.isLoaded() ? "READY" : "UNAVAILABLE");
    entry.put("reason", version.reason());
    return entry;
  }
}
