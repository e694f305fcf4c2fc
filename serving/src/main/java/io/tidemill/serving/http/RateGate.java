package io.tidemill.serving.http;

import io.tidemill.serving.access.AccessTokens;
import io.tidemill.serving.access.RateLimit;
import io.tidemill.serving.access.Scope;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * Keeps each client to its rate: who bears one of the server's tokens by that, others by address.
 * Probes are not counted.
 */
record RateGate(RateLimit limit, AccessTokens tokens) implements Gate {
  @Override
  public Optional<HttpResponse> refuse(Route route, HttpRequest request) {
    if (route.scope() == Scope.PUBLIC) {
      return Optional.empty();
    }
    Optional<String> authorization = request.getHeader("Authorization").map(HttpHeader::value);
    String client = tokens.bearer(authorization).orElseGet(() -> Caller.of(request).address());
    return limit.take(client).map(RateGate::refused);
  }

  private static HttpResponse refused(Duration wait) {
    long seconds = Math.max(1, wait.plusMillis(999).toSeconds());
    return Replies.error(
            429, "too many requests: the next one is due in %d ms".formatted(wait.toMillis()))
        .addHeader(Replies.header("Retry-After", String.valueOf(seconds)));
  }
}
