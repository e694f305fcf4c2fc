package io.tidemill.serving.http;

import io.tidemill.serving.access.Scope;
import io.tidemill.serving.metrics.ServingMetrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.Materializer;

/**
 * Finds the handler of a request: the first route whose path and method match, in order.
 *
 * <p>A plain list and not Pekko's routing DSL, which costs as much again as the rest of a request
 * (DESIGN §10). A path that is known under other methods only is 405, an unknown one 404.
 */
final class Router {
  private static final String UNROUTED = "none";
  private static final PathValues NOTHING = new PathValues(Map.of());

  private final List<Route> routes;
  private final List<Gate> gates;
  private final ServingMetrics metrics;
  private final Materializer materializer;

  Router(List<Route> routes, List<Gate> gates, ServingMetrics metrics, Materializer materializer) {
    this.routes = List.copyOf(routes);
    this.gates = List.copyOf(gates);
    this.metrics = metrics;
    this.materializer = materializer;
  }

  /** All routes, in order. */
  List<Route> routes() {
    return routes;
  }

  /** Answers any request; never fails. */
  CompletionStage<HttpResponse> answer(HttpRequest request) {
    List<String> path = withoutTrailingSlash(request.getUri().pathSegments());
    Set<String> allowed = new TreeSet<>();
    for (Route route : routes) {
      Optional<PathValues> values = route.match(path);
      if (values.isPresent()) {
        if (isMethod(route, request.method())) {
          return pass(route, request, values.get());
        }
        allowed.add(route.method().value());
      }
    }
    Handler refusing =
        (_, _) ->
            refused(request, allowed.isEmpty() ? unknown(request) : notAllowed(request, allowed));
    Route unrouted = new Route(Scope.PUBLIC, UNROUTED, request.method(), path, refusing);
    return pass(unrouted, request, NOTHING);
  }

  static List<String> segments(String pattern) {
    return Arrays.stream(pattern.split("/")).filter(segment -> !segment.isEmpty()).toList();
  }

  /** Through the gates to the handler, and back. */
  private CompletionStage<HttpResponse> pass(Route route, HttpRequest request, PathValues values) {
    long startedNs = System.nanoTime();
    for (int i = 0; i < gates.size(); i++) {
      Optional<HttpResponse> refusal = gates.get(i).refuse(route, request);
      if (refusal.isPresent()) {
        return tell(
            gates.subList(0, i), route, request, startedNs, refused(request, refusal.get()));
      }
    }
    return tell(gates, route, request, startedNs, run(route, request, values));
  }

  private CompletionStage<HttpResponse> tell(
      List<Gate> passed,
      Route route,
      HttpRequest request,
      long startedNs,
      CompletionStage<HttpResponse> answer) {
    return answer.thenApply(
        reply -> {
          int status = reply.status().intValue();
          metrics.answered(route.name(), status);
          long durationNs = passed.isEmpty() ? 0 : System.nanoTime() - startedNs;
          passed.forEach(gate -> gate.answered(route, request, status, durationNs));
          return reply;
        });
  }

  /** A body that nobody reads would stop the connection. */
  private CompletionStage<HttpResponse> run(Route route, HttpRequest request, PathValues values) {
    if (route.method().equals(HttpMethods.GET)) {
      request.discardEntityBytes(materializer);
    }
    CompletionStage<HttpResponse> answer;
    try {
      answer = route.handler().handle(request, values);
    } catch (RuntimeException e) {
      request.discardEntityBytes(materializer); // a handler that throws has not begun to read
      answer = CompletableFuture.failedStage(e);
    }
    return answer.exceptionally(Replies::failure);
  }

  private CompletionStage<HttpResponse> refused(HttpRequest request, HttpResponse refusal) {
    request.discardEntityBytes(materializer);
    return CompletableFuture.completedStage(refusal);
  }

  private static boolean isMethod(Route route, HttpMethod method) {
    boolean isHead = method.equals(HttpMethods.HEAD);
    return route.method().equals(isHead ? HttpMethods.GET : method);
  }

  private static HttpResponse unknown(HttpRequest request) {
    return Replies.error(404, "unknown path " + request.getUri().path());
  }

  private static HttpResponse notAllowed(HttpRequest request, Set<String> allowed) {
    String methods = String.join(", ", allowed);
    String sentence =
        "%s: expected method %s, found %s"
            .formatted(request.getUri().path(), methods, request.method().value());
    return Replies.error(405, sentence).addHeader(Replies.header("Allow", methods));
  }

  private static List<String> withoutTrailingSlash(Iterable<String> segments) {
    List<String> path = new ArrayList<>(8);
    segments.forEach(path::add);
    if (!path.isEmpty() && path.getLast().isEmpty()) {
      path.removeLast();
    }
    return path;
  }
}
