package io.tidemill.serving.http;

import java.util.List;
import org.apache.pekko.stream.Materializer;

/** What else is answered on the port, beside models and probes. */
@FunctionalInterface
public interface MoreRoutes {
  /** Nothing. */
  MoreRoutes NONE = _ -> List.of();

  /** The routes, made once; {@code materializer} reads bodies. */
  List<Route> with(Materializer materializer);
}
