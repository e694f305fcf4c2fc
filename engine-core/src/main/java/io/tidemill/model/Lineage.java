package io.tidemill.model;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where a model version comes from, so that each of its answers can be traced (design, promise E).
 *
 * @param job name of the job that trained it
 * @param runId the run
 * @param checkpoint number of the checkpoint that published it
 * @param step optimiser updates done
 * @param samples samples that changed the weights
 * @param sources per source id and split, the offset of the next record
 * @param graphFingerprint fingerprint of the pipeline's graph
 * @param engineVersion release of tidemill
 * @param seed seed of the run
 * @param eventTime the highest event time among the records behind the weights, in ISO 8601; empty
 *     where they have none
 */
public record Lineage(
    String job,
    String runId,
    long checkpoint,
    long step,
    long samples,
    Map<String, SortedMap<String, Long>> sources,
    String graphFingerprint,
    String engineVersion,
    long seed,
    String eventTime) {
  static final String NO_EVENT_TIME = "";

  public Lineage {
    SortedMap<String, SortedMap<String, Long>> copied = new TreeMap<>();
    sources.forEach(
        (id, splits) -> copied.put(id, Collections.unmodifiableSortedMap(new TreeMap<>(splits))));
    sources = Collections.unmodifiableSortedMap(copied);
  }

  /** A lineage without event time. */
  public Lineage(
      String job,
      String runId,
      long checkpoint,
      long step,
      long samples,
      Map<String, SortedMap<String, Long>> sources,
      String graphFingerprint,
      String engineVersion,
      long seed) {
    this(
        job,
        runId,
        checkpoint,
        step,
        samples,
        sources,
        graphFingerprint,
        engineVersion,
        seed,
        NO_EVENT_TIME);
  }

  /** Up to when the model knows what has happened; empty where its records have no times. */
  public Optional<Instant> trainedUpTo() {
    return eventTime.equals(NO_EVENT_TIME)
        ? Optional.empty()
        : Optional.of(Instant.parse(eventTime));
  }

  /** Whether it is of this run. */
  public boolean isOf(String ofJob, String ofRun) {
    return job.equals(ofJob) && runId.equals(ofRun);
  }

  /**
   * Whether both name the same moment of the same run: a resumed run comes to a step again, with
   * the same weights and another checkpoint.
   */
  boolean isSameMoment(Lineage other) {
    return isOf(other.job, other.runId) && step == other.step;
  }
}
