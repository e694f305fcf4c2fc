package io.tidemill.serving.http;

import static org.apache.pekko.http.javadsl.model.HttpMethods.GET;

import io.tidemill.serving.access.Scope;
import java.util.List;

/** Probes, metrics, and a page for people. */
final class ProbeRoutes implements RouteGroup {
  @Override
  public List<Route> routes(HttpParts parts) {
    ProbeHandlers probes = new ProbeHandlers(parts.registry(), parts.metrics(), parts.isReady());
    return List.of(
        Route.of(Scope.PUBLIC, "live", GET, "/v2/health/live", probes::live),
        Route.of(Scope.PUBLIC, "ready", GET, "/v2/health/ready", probes::ready),
        Route.of(Scope.PUBLIC, "ready", GET, "/ready", probes::ready),
        Route.of(Scope.PUBLIC, "alive", GET, "/alive", probes::alive),
        Route.of(Scope.PUBLIC, "metrics", GET, "/metrics", probes::metrics),
        Route.of(Scope.PUBLIC, "page", GET, "/", probes::page));
  }
}
