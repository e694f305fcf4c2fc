package io.tidemill.serving.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.HttpMethods.POST;

import io.tidemill.serving.access.Scope;
import java.util.List;

/** The inference protocols: calls to models, and what they say about models. */
final class ModelRoutes implements RouteGroup {
  private static final String V2 = "/v2/models/{model}";
  private static final String V2_VERSION = V2 + "/versions/{version}";
  private static final String V1 = "/v1/models/{model}";
  private static final String V1_VERSION = V1 + "/versions/{version}";
  private static final String V1_LABEL = V1 + "/labels/{version}";

  @Override
  public List<Route> routes(HttpParts parts) {
    HttpCalls calls = parts.httpCalls();
    InferHandler infer = new InferHandler(V2Call::read, calls, parts.bodies());
    InferHandler predict = new InferHandler(V1Call::read, calls, parts.bodies());
    ModelHandlers models = new ModelHandlers(parts.registry(), parts.serverVersion());
    GenerateHandler generate = new GenerateHandler(parts);
    return List.of(
        Route.of(Scope.INFER, "infer", POST, V2 + "/infer", infer),
        Route.of(Scope.INFER, "infer", POST, V2_VERSION + "/infer", infer),
        Route.of(Scope.INFER, "generate", POST, V2 + "/generate", generate::whole),
        Route.of(Scope.INFER, "generate", POST, V2_VERSION + "/generate", generate::whole),
        Route.of(Scope.INFER, "generate-stream", POST, V2 + "/generate_stream", generate::stream),
        Route.of(
            Scope.INFER,
            "generate-stream",
            POST,
            V2_VERSION + "/generate_stream",
            generate::stream),
        Route.of(Scope.INFER, "stats", GET, "/v2/models/stats", models::statistics),
        Route.of(Scope.INFER, "model", GET, V2, models::model),
        Route.of(Scope.INFER, "model", GET, V2_VERSION, models::model),
        Route.of(Scope.INFER, "model-ready", GET, V2 + "/ready", models::modelReady),
        Route.of(Scope.INFER, "model-ready", GET, V2_VERSION + "/ready", models::modelReady),
        Route.of(Scope.INFER, "predict", POST, V1 + ":predict", predict),
        Route.of(Scope.INFER, "predict", POST, V1_VERSION + ":predict", predict),
        Route.of(Scope.INFER, "predict", POST, V1_LABEL + ":predict", predict),
        Route.of(Scope.INFER, "models", GET, "/v1/models", models::models),
        Route.of(Scope.INFER, "model-ready", GET, V1, models::modelReady),
        Route.of(Scope.INFER, "model-ready", GET, V1_VERSION, models::modelReady),
        Route.of(Scope.INFER, "model-ready", GET, V1_LABEL, models::modelReady),
        Route.of(Scope.INFER, "metadata-v1", GET, V1 + "/metadata", models::signature),
        Route.of(Scope.INFER, "metadata-v1", GET, V1_VERSION + "/metadata", models::signature),
        Route.of(Scope.INFER, "metadata-v1", GET, V1_LABEL + "/metadata", models::signature),
        Route.of(Scope.PUBLIC, "server", GET, "/v2", models::server),
        Route.of(Scope.INFER, "stats", GET, V2 + "/stats", models::statistics),
        Route.of(Scope.INFER, "stats", GET, V2_VERSION + "/stats", models::statistics),
        Route.of(Scope.INFER, "config", GET, V2 + "/config", models::configuration),
        Route.of(Scope.INFER, "config", GET, V2_VERSION + "/config", models::configuration));
  }
}
