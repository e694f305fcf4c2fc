package io.tidemill.serving.http;

import java.util.List;

/** The routes of one area of the server. */
@FunctionalInterface
public interface RouteGroup {
  /** The routes, made once. */
  List<Route> routes(HttpParts parts);
}
