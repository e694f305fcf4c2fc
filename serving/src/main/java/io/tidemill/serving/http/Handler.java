package io.tidemill.serving.http;

import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Answers the requests of one route. Any thread; must not block. */
@FunctionalInterface
public interface Handler {
  /**
   * Begins to answer.
   *
   * @param values what stands in the path at the {@code {name}}s of the route
   * @return the answer, or a failure that {@link Replies#failure} turns into one
   */
  CompletionStage<HttpResponse> handle(HttpRequest request, PathValues values);
}
