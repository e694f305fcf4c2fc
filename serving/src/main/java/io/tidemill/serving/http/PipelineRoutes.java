package io.tidemill.serving.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.POST;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.FeatureEndpoint;
import io.tidemill.serving.access.Scope;
import java.util.List;

/** {@code POST /pipelines/{job}/{endpoint}}. */
public record PipelineRoutes(Endpoints endpoints) implements RouteGroup {
  /** The record endpoints of the jobs that run in this process. Any thread. */
  @FunctionalInterface
  public interface Endpoints {
    /** Those of a process without jobs. */
    Endpoints NONE =
        (job, name) -> {
          throw new EngineException(
              ErrorCode.NOT_FOUND,
              ("no job has record endpoints here: expected tidemill run --http, found job %s,"
                      + " endpoint %s")
                  .formatted(job, name));
        };

    /**
     * The endpoint {@code name} of a job.
     *
     * @throws EngineException NOT_FOUND where there is none, RESOURCE where it cannot answer yet
     */
    FeatureEndpoint find(String job, String name);
  }

  @Override
  public List<Route> routes(HttpParts parts) {
    EndpointHandler handler = new EndpointHandler(endpoints, parts.httpCalls(), parts.bodies());
    return List.of(Route.of(Scope.INFER, "endpoint", POST, "/pipelines/{job}/{endpoint}", handler));
  }
}
