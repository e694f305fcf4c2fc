package io.tidemill.cluster.job;

/**
 * Where the ranks of a training meet: memory that the processes of one host share.
 *
 * @param memory the file that the leading process has made
 * @param generation of its attempt
 * @param ranks of the training
 */
public record Seat(String memory, long generation, int ranks) {}
