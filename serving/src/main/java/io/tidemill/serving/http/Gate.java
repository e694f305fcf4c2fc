package io.tidemill.serving.http;

import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * What each request passes before its handler, and each answer on its way back. Any thread; must
 * not block.
 *
 * <p>Gates stand in a row. A request that one of them refuses reaches neither those behind it nor
 * the handler. A path or method that no route has passes them too.
 */
public interface Gate {
  /** The answer to a request that may not pass; its body is dropped. */
  Optional<HttpResponse> refuse(Route route, HttpRequest request);

  /**
   * A request that this gate has let pass is answered, by whomever; called once for each.
   *
   * @param durationNs since the request came to the first gate
   */
  default void answered(Route route, HttpRequest request, int status, long durationNs) {}
}
