package io.tidemill.local;

import io.tidemill.train.Roster;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Whether another process of an attempt is still there: by what the system says about it, which is
 * known at once, and by its beats, which also tell when it was stopped.
 *
 * <p>Only the observer's own clock counts, and of a time in which the observer itself did not look
 * only a part: a process that was asleep must not blame others. Confined to one thread.
 */
final class Pulse {
  private final LongSupplier pids;
  private final LongSupplier beats;
  private final long patienceNs;
  private Optional<ProcessHandle> process = Optional.empty();
  private long pid;
  private long lastBeats;
  private long silentNs;
  private long lookedNs;

  /**
   * Of one process.
   *
   * @param pids its number; 0 while it has not come, below 0 where it is on another host
   * @param beats how often it has beaten
   */
  Pulse(LongSupplier pids, LongSupplier beats, Duration patience, long nowNs) {
    this.pids = pids;
    this.beats = beats;
    this.patienceNs = patience.toNanos();
    this.lookedNs = nowNs;
  }

  /** That of the process of a rank. */
  static Pulse of(Roster roster, int rank, Duration patience, long nowNs) {
    return new Pulse(() -> roster.pid(rank), () -> roster.beats(rank), patience, nowNs);
  }

  /** Whether a process has come. */
  boolean hasJoined() {
    return pid != 0;
  }

  /** Whether the process is known to have ended. */
  boolean hasEnded() {
    return process.isPresent() && !process.get().isAlive();
  }

  /** What has become of the process; empty where it is well, or has not come yet. */
  Optional<String> look(long nowNs) {
    long passedNs = Math.min(nowNs - lookedNs, patienceNs / 4);
    lookedNs = nowNs;
    if (!hasJoined() && !join()) {
      return Optional.empty();
    }
    if (hasEnded()) {
      return Optional.of("process " + pid + " has ended");
    }
    long seen = beats.getAsLong();
    silentNs = seen == lastBeats ? silentNs + passedNs : 0;
    lastBeats = seen;
    return silentNs > patienceNs
        ? Optional.of(
            "process %s has been silent for %d ms, %d are allowed"
                .formatted(
                    pid > 0 ? pid : "on another host",
                    silentNs / 1_000_000,
                    patienceNs / 1_000_000))
        : Optional.empty();
  }

  /**
   * Where the system does not show the process to this one, as on another host or in another
   * container, beats do.
   */
  private boolean join() {
    pid = pids.getAsLong();
    process = pid > 0 ? ProcessHandle.of(pid).filter(ProcessHandle::isAlive) : Optional.empty();
    return pid != 0;
  }
}
