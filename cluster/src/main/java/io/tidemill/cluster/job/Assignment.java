package io.tidemill.cluster.job;

import java.util.Optional;

/**
 * A part of an attempt of a job that a worker is to run: all of it but the training's other ranks,
 * or one of those.
 *
 * @param attempt number of the attempt: a higher one replaces it
 * @param isResume whether an earlier attempt may have left checkpoints to go on from
 * @param hosts ranks of each host, as in {@code 2+1}
 * @param fingerprint of the graph that the worker has to find
 * @param rank 0 leads
 * @param seat where the rank joins; empty for the leading one
 */
public record Assignment(
    String job,
    long attempt,
    JobSpec spec,
    boolean isResume,
    String hosts,
    String fingerprint,
    int rank,
    Optional<Seat> seat) {
  /** Tells apart what one worker may run at the same time. */
  public String key() {
    return job + "/" + rank + seat.map(found -> "/" + found.memory()).orElse("");
  }
}
