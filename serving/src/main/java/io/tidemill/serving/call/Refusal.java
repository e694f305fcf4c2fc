package io.tidemill.serving.call;

import java.time.Duration;

/** Why a call is not answered. */
public sealed interface Refusal {
  /** In one sentence, for whoever asked. */
  String sentence();

  /** It would wait too long for its turn: as long as {@code delay}, by the pace of late. */
  record Busy(String model, int queuedRows, Duration delay) implements Refusal {
    /** When to try again: the delay in whole seconds, at least one. */
    public long retryAfterSeconds() {
      return Math.max(1, delay.plusMillis(999).toSeconds());
    }

    @Override
    public String sentence() {
      return "model \"%s\" is busy: %d rows wait, a turn comes in %d ms; try again in %d s"
          .formatted(model, queuedRows, delay.toMillis(), retryAfterSeconds());
    }
  }

  /** It has more rows than may ever wait. */
  record TooLarge(int rows, int mostRows) implements Refusal {
    @Override
    public String sentence() {
      return "too many rows in one request: expected at most %d, found %d"
          .formatted(mostRows, rows);
    }
  }

  /** There is no such model or version. */
  record NotFound(String sentence) implements Refusal {}

  /** It does not say what it has to, or does not fit the model. */
  record Invalid(String sentence) implements Refusal {}

  /** The time that it gave was over before its turn came. */
  record OutOfTime(String sentence) implements Refusal {}

  /** The model cannot answer now, for example because it was unloaded meanwhile. */
  record Unavailable(String sentence) implements Refusal {}

  /** Whoever asked has withdrawn it. */
  record Withdrawn(String sentence) implements Refusal {}

  /** It is our fault: the model or the server failed at it. */
  record Failed(Throwable cause) implements Refusal {
    @Override
    public String sentence() {
      return "internal error: " + cause;
    }
  }
}
