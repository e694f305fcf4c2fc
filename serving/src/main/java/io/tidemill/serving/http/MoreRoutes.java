package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.FeatureEndpoint;
import java.util.List;
import org.apache.pekko.stream.Materializer;

/** What else is answered on the port, beside models and probes. */
@FunctionalInterface
public interface MoreRoutes {
  /** Nothing. */
  MoreRoutes NONE = _ -> List.of();

  /** The routes, made once; {@code materializer} reads bodies. */
  List<Route> with(Materializer materializer);

  /**
   * A record endpoint of a job that runs in this process. Any thread.
   *
   * @throws EngineException NOT_FOUND where there is none, RESOURCE where it cannot answer yet
   */
  default FeatureEndpoint endpoint(String job, String name) {
    throw new EngineException(
        ErrorCode.NOT_FOUND,
        "no job has record endpoints here: expected tidemill run --http, found job %s, endpoint %s"
            .formatted(job, name));
  }
}
