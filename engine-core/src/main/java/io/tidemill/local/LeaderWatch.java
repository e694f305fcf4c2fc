package io.tidemill.local;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.task.Reports;
import io.tidemill.task.TaskReport;
import java.time.Duration;
import java.util.Optional;

/** How a member looks after the leading process, and after itself. Confined to one thread. */
final class LeaderWatch {
  private final Pulse pulse;
  private final Duration joinPatience;
  private final String address;
  private final long begunNs;

  /**
   * From now on.
   *
   * @param joinPatience for how long the member waits to hear of the leading process at all
   * @param address where it is expected
   */
  LeaderWatch(Pulse pulse, Duration joinPatience, String address, long nowNs) {
    this.pulse = pulse;
    this.joinPatience = joinPatience;
    this.address = address;
    this.begunNs = nowNs;
  }

  /** What has become of the leading process; empty where it is well, or may still come. */
  Optional<String> lost() {
    long nowNs = System.nanoTime();
    Optional<String> lost = pulse.look(nowNs);
    boolean isAbsent = !pulse.hasJoined() && nowNs - begunNs > joinPatience.toNanos();
    return isAbsent
        ? Optional.of(
            "process was not heard within %d ms at %s".formatted(joinPatience.toMillis(), address))
        : lost;
  }

  /** Whether the leading process is known to have ended. */
  boolean hasEnded() {
    return pulse.hasEnded();
  }

  /** Throws what has failed here; else waits for that, no longer than until the next beat. */
  static void await(Reports reports) {
    if (reports.receive().orElse(null) instanceof TaskReport.Failed failed) {
      throw JobMaster.sentence(failed);
    }
    try {
      reports.await(MemberWatch.BEAT_NS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorCode.RESOURCE, "the process was interrupted", e);
    }
  }
}
