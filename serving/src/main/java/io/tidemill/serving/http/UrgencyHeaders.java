package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.Urgency;
import java.util.OptionalLong;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/** What the headers of a request say about how much it presses. */
final class UrgencyHeaders {
  /** How long the client waits for an answer, milliseconds. */
  static final String TIMEOUT = "X-Request-Timeout-Ms";

  /** From 1, which is served first, to 9; 0 as if it were not there. */
  static final String PRIORITY = "X-Request-Priority";

  private static final long MOST_MS = Long.MAX_VALUE / 1_000_000;

  private UrgencyHeaders() {}

  /**
   * The urgency that they say, normal where they say nothing.
   *
   * @throws EngineException INVALID_ARGUMENT for anything else than a number within its range
   */
  static Urgency of(HttpRequest request) {
    OptionalLong timeoutMs = number(request, TIMEOUT, 1, MOST_MS);
    OptionalLong priority = number(request, PRIORITY, 0, Urgency.LAST);
    Urgency urgency = Urgency.NORMAL.withPriority((int) priority.orElse(0));
    return timeoutMs.isEmpty() ? urgency : urgency.within(timeoutMs.getAsLong() * 1_000_000);
  }

  private static OptionalLong number(HttpRequest request, String name, long least, long most) {
    String value = request.getHeader(name).map(HttpHeader::value).orElse("");
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      long number = Long.parseLong(value);
      if (number >= least && number <= most) {
        return OptionalLong.of(number);
      }
    } catch (NumberFormatException e) {
      // It is no number that could be right either.
    }
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "%s: expected a number from %d to %d, found %s".formatted(name, least, most, value));
  }
}
