package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.access.RateLimit.Rate;
import java.time.Duration;
import java.util.Optional;

/**
 * What bounds the requests of a port; a value that is checked as a whole.
 *
 * @param bodyBytes longest request body
 * @param bodyTimeout how long a request body may take to arrive
 * @param headTimeout how long the head of a request may take from its first byte
 * @param heldBodyBytes bodies of all requests that are not answered; further ones are refused
 * @param connections that are answered; further ones are refused by their first request
 * @param rate of each client's requests, none where they may send as many as they like
 */
public record HttpLimits(
    long bodyBytes,
    Duration bodyTimeout,
    Duration headTimeout,
    long heldBodyBytes,
    int connections,
    Optional<Rate> rate) {
  private static final long MOST_BODY_BYTES = 1L << 30;

  public HttpLimits {
    check(
        bodyBytes >= 1 && bodyBytes <= MOST_BODY_BYTES,
        "maxBodyBytes",
        "1 to " + MOST_BODY_BYTES,
        bodyBytes);
    check(bodyTimeout.isPositive(), "bodyTimeout", "more than nothing", bodyTimeout);
    check(headTimeout.toMillis() > 0, "headTimeout", "at least 1 ms", headTimeout);
    check(heldBodyBytes >= bodyBytes, "heldBodyBytes", "at least " + bodyBytes, heldBodyBytes);
    check(connections >= 1, "connections", "at least 1", connections);
  }

  private static void check(boolean holds, String key, String expected, Object found) {
    if (!holds) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "serving %s: expected %s, found %s".formatted(key, expected, found));
    }
  }
}
