package io.tidemill.cluster.head;

import io.tidemill.cluster.job.ProcessEnd;
import io.tidemill.cluster.job.ProcessEnds;
import io.tidemill.cluster.job.WorkerInfo;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Workers whose process has ended a moment ago, until whoever started it has said how; who waits
 * for its parent's word to restart a job would lose the time. Confined to the head's thread.
 */
final class Endings {
  private static final long PATIENCE_NS = 5_000_000_000L;

  private final ProcessEnds ends;
  private final Map<WorkerInfo, Long> unexplained = new HashMap<>();

  Endings(ProcessEnds ends) {
    this.ends = ends;
  }

  /** The process of this worker is gone. */
  void add(WorkerInfo worker, long nowNs) {
    unexplained.put(worker, nowNs);
  }

  /** What has become known since the last look, by what was said instead. */
  Map<String, String> explained(long nowNs) {
    Map<String, String> found = new HashMap<>();
    unexplained
        .entrySet()
        .removeIf(
            entry -> {
              Optional<ProcessEnd> end = ends.of(entry.getKey());
              end.ifPresent(
                  known -> found.put(ProcessEnd.unexplained(known.pid()), known.sentence()));
              return end.isPresent() || nowNs - entry.getValue() > PATIENCE_NS;
            });
    return found;
  }
}
