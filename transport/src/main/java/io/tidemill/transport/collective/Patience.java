package io.tidemill.transport.collective;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.time.Duration;

/**
 * How long a rank waits for others before it ends the group.
 *
 * @param join for ranks that have yet to come
 * @param silence for a sign of life of one that has come; longer than the longest time in which a
 *     rank does not poll
 */
public record Patience(Duration join, Duration silence) {
  public Patience {
    if (!join.isPositive() || !silence.isPositive()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "patience: expected more than nothing, found join=%s silence=%s"
              .formatted(join, silence));
    }
  }

  /** 60 s for all to come, 10 s of silence. */
  public static Patience defaults() {
    return new Patience(Duration.ofSeconds(60), Duration.ofSeconds(10));
  }
}
