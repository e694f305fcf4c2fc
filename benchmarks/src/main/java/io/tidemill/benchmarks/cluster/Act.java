package io.tidemill.benchmarks.cluster;

import java.util.Optional;

/**
 * A kind of violence to a cluster.
 *
 * @param kind what a report calls it
 * @param lots how many of all lots are for it
 * @param violence does it
 */
record Act(String kind, int lots, Violence violence) {
  /** What is done; returns when it is over. */
  @FunctionalInterface
  interface Violence {
    /**
     * Does it.
     *
     * @param job the one that trains
     * @param lot a number by which is chosen to whom, and for how long
     * @return what was done; empty where nothing could be
     */
    Optional<String> commit(String job, int lot);
  }
}
