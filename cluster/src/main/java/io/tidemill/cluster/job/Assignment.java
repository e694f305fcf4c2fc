package io.tidemill.cluster.job;

/**
 * An attempt of a job that a worker is to run.
 *
 * @param attempt number of the attempt: a higher one replaces it
 * @param isResume whether an earlier attempt may have left checkpoints to go on from
 * @param fingerprint of the graph that the worker has to find
 */
public record Assignment(
    String job, long attempt, JobSpec spec, boolean isResume, String fingerprint) {}
