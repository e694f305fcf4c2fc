package io.tidemill.local;

import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.StoredModel;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/**
 * Committed checkpoints on their way to become versions, oldest first, on a thread beside those of
 * the job.
 *
 * <p>The master's thread adds and polls; the executor does one after the other.
 */
final class PublishQueue {
  /** Checkpoints that may wait; the master begins none beyond, so that no version is left out. */
  private static final int MOST_WAITING = 2;

  private final VersionSchedule schedule;
  private final Executor executor;
  private final Runnable wake;
  private final Set<Long> waiting = ConcurrentHashMap.newKeySet();
  private final Queue<Outcome> outcomes = new ConcurrentLinkedQueue<>();

  /** How a checkpoint has come here. */
  enum Occasion {
    /** An attempt before committed it, and a newer one. */
    LEFT_BEHIND,
    COMMITTED,
    /** It is the last of the run. */
    LAST
  }

  /** What became of a checkpoint that was added. */
  sealed interface Outcome {
    /** {@code models}: perhaps none. */
    record Published(List<StoredModel> models) implements Outcome {}

    record Failed(long checkpoint, Occasion occasion, EngineException cause) implements Outcome {}
  }

  /**
   * @param executor one thread
   * @param wake told when there is something to poll
   */
  PublishQueue(VersionSchedule schedule, Executor executor, Runnable wake) {
    this.schedule = schedule;
    this.executor = executor;
    this.wake = wake;
  }

  /** Has versions made of a checkpoint, where they are due. */
  void add(StoredCheckpoint checkpoint, Occasion occasion) {
    waiting.add(checkpoint.number());
    executor.execute(() -> publish(checkpoint, occasion));
  }

  /** Whether the files of a checkpoint are still needed here. */
  boolean holds(long checkpoint) {
    return waiting.contains(checkpoint);
  }

  /** Whether so many wait that no other checkpoint should be taken yet. */
  boolean isBehind() {
    return waiting.size() > MOST_WAITING;
  }

  /** Whether everything that was added has been published and polled. */
  boolean isIdle() {
    return waiting.isEmpty() && outcomes.isEmpty();
  }

  Optional<Outcome> poll() {
    return Optional.ofNullable(outcomes.poll());
  }

  private void publish(StoredCheckpoint checkpoint, Occasion occasion) {
    outcomes.add(outcome(checkpoint, occasion));
    waiting.remove(checkpoint.number()); // after the outcome: idle means that all was told
    wake.run();
  }

  private Outcome outcome(StoredCheckpoint checkpoint, Occasion occasion) {
    try {
      return new Outcome.Published(schedule.publish(checkpoint, occasion));
    } catch (EngineException e) {
      return new Outcome.Failed(checkpoint.number(), occasion, e);
    } catch (RuntimeException e) {
      EngineException cause =
          new EngineException(
              ErrorCode.INTERNAL,
              "checkpoint " + checkpoint.number() + " cannot be published: " + e,
              e);
      return new Outcome.Failed(checkpoint.number(), occasion, cause);
    }
  }
}
