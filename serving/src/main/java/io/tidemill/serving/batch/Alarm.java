package io.tidemill.serving.batch;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Future;

/**
 * Lets somebody look when the first deadline of a queue has passed, if nobody has by then. The
 * queue's lock guards it.
 */
final class Alarm {
  private record Set(long atNs, Future<?> future) {}

  private final BatchExecutors executors;
  private final Runnable look;
  private Optional<Set> set = Optional.empty();

  /** {@code look} takes the queue's lock, calls {@link #rang} and sets the alarm again. */
  Alarm(BatchExecutors executors, Runnable look) {
    this.executors = executors;
    this.look = look;
  }

  /** Sets it for a deadline, if there is one, unless it is set for an earlier time. */
  void setFor(OptionalLong deadlineNs, long nowNs) {
    if (deadlineNs.isEmpty()
        || set.filter(earlier -> earlier.atNs() <= deadlineNs.getAsLong()).isPresent()) {
      return;
    }
    cancel();
    long atNs = deadlineNs.getAsLong();
    set = Optional.of(new Set(atNs, executors.in(atNs - nowNs, look)));
  }

  /** It is set no more. */
  void rang() {
    set = Optional.empty();
  }

  void cancel() {
    set.ifPresent(each -> each.future().cancel(false));
    set = Optional.empty();
  }
}
