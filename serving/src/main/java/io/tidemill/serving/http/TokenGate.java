package io.tidemill.serving.http;

import io.tidemill.serving.access.AccessTokens;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Lets pass who bears the token that a route's scope wants. */
record TokenGate(AccessTokens tokens) implements Gate {
  @Override
  public Optional<HttpResponse> refuse(Route route, HttpRequest request) {
    return tokens
        .refusal(route.scope(), request.getHeader("Authorization").map(HttpHeader::value))
        .map(TokenGate::refused);
  }

  private static HttpResponse refused(String sentence) {
    return Replies.error(401, sentence).addHeader(Replies.header("WWW-Authenticate", "Bearer"));
  }
}
