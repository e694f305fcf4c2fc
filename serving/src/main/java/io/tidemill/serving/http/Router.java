package io.tidemill.serving.http;

import io.tidemill.serving.metrics.ServingMetrics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

  private final List<Route> routes;
  private final ServingMetrics metrics;
  private final Materializer materializer;

  Router(List<Route> routes, ServingMetrics metrics, Materializer materializer) {
    this.routes = List.copyOf(routes);
    this.metrics = metrics;
    this.materializer = materializer;
  }

  /** Answers any request; never fails. */
  CompletionStage<HttpResponse> answer(HttpRequest request) {
    List<String> path = withoutTrailingSlash(request.getUri().pathSegments());
    Set<String> allowed = new TreeSet<>();
    for (Route route : routes) {
      Optional<PathValues> values = route.match(path);
      if (values.isPresent()) {
        if (isMethod(route, request.method())) {
          return run(route, request, values.get());
        }
        allowed.add(route.method().value());
      }
    }
    request.discardEntityBytes(materializer);
    return CompletableFuture.completedStage(
        count(UNROUTED, allowed.isEmpty() ? unknown(request) : notAllowed(request, allowed)));
  }

  static List<String> segments(String pattern) {
    return Arrays.stream(pattern.split("/")).filter(segment -> !segment.isEmpty()).toList();
  }

  private CompletionStage<HttpResponse> run(Route route, HttpRequest request, PathValues values) {
    CompletionStage<HttpResponse> answer;
    try {
      answer = route.handler().handle(request, values);
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedStage(e);
    }
    return answer.exceptionally(Replies::failure).thenApply(reply -> count(route.name(), reply));
  }

  private HttpResponse count(String route, HttpResponse reply) {
    metrics.answered(route, reply.status().intValue());
    return reply;
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
