package io.tidemill.serving.http;

import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.http.ParsingErrorHandler;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.scaladsl.model.ErrorInfo;
import org.apache.pekko.http.scaladsl.model.StatusCode;
import org.apache.pekko.http.scaladsl.settings.ServerSettings;

/**
 * Answers requests that are not HTTP (a bad request line, header or length) in JSON as well.
 *
 * <p>Named in {@code tidemill-serving.conf}; Pekko finds it there as it finds Scala objects, by a
 * static field of the name {@code MODULE$}.
 */
public final class JsonParsingErrors extends ParsingErrorHandler {
  /** The instance, under the name that Pekko looks for. */
  public static final JsonParsingErrors MODULE$ = new JsonParsingErrors();

  private JsonParsingErrors() {}

  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo info, LoggingAdapter log, ServerSettings settings) {
    return Replies.error(status.intValue(), "malformed request: " + info.summary());
  }
}
