package io.tidemill.serving.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;
import static org.apache.pekko.http.javadsl.model.HttpMethods.POST;
import static org.apache.pekko.http.javadsl.model.HttpMethods.PUT;

import io.tidemill.serving.access.Scope;
import java.util.List;

/** The repository of models, and how requests are shared among versions. */
final class RepositoryRoutes implements RouteGroup {
  private static final String STORED = "/v2/repository/models/{model}";
  private static final String MODEL = "/api/models/{model}";

  @Override
  public List<Route> routes(HttpParts parts) {
    RepositoryHandlers repository = new RepositoryHandlers(parts.registry(), parts.bodies());
    TrafficHandlers traffic = new TrafficHandlers(parts.registry(), parts.bodies());
    return List.of(
        Route.of(Scope.ADMIN, "index", POST, "/v2/repository/index", repository::index),
        Route.of(Scope.ADMIN, "load", POST, STORED + "/load", repository::load),
        Route.of(Scope.ADMIN, "unload", POST, STORED + "/unload", repository::unload),
        Route.of(Scope.ADMIN, "api-models", GET, "/api/models", traffic::models),
        Route.of(Scope.ADMIN, "traffic", PUT, MODEL + "/traffic", traffic::set),
        Route.of(Scope.ADMIN, "promote", POST, MODEL + "/promote", traffic::promote),
        Route.of(Scope.ADMIN, "rollback", POST, MODEL + "/rollback", traffic::rollBack));
  }
}
