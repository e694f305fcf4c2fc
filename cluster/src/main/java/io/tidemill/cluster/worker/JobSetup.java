package io.tidemill.cluster.worker;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.cluster.job.Assignment;
import io.tidemill.dsl.Params;
import io.tidemill.link.PeerNetwork;
import io.tidemill.local.JobOptions;
import io.tidemill.train.GangHosts;
import java.nio.file.Path;
import java.util.Collections;

/**
 * What this process makes of an assignment; each part of an attempt makes the same of it.
 *
 * @param state the state directory
 * @param network to reach other hosts by
 */
record JobSetup(Pipelines pipelines, Path state, PeerNetwork network) {
  Pipelines.Named pipeline(Assignment assignment) {
    return pipelines.find(assignment.spec().pipeline());
  }

  Params params(Assignment assignment) {
    return new Params(assignment.spec().params(), assignment.spec().seed());
  }

  JobOptions options(Assignment assignment, Pipelines.Named named) {
    int workers = GangHosts.parse(assignment.hosts()).allRanks();
    boolean isResume =
        assignment.isResume() && JobDirectory.find(state, assignment.job()).isPresent();
    return JobOptions.of(assignment.job(), named.name(), state)
        .withWorkers(workers)
        .withThreads(threadsOfRank(assignment) * workers)
        .withResume(isResume)
        .withSeed(assignment.spec().seed());
  }

  /** The machine's cores, shared by the ranks that it has most of. */
  int threadsOfRank(Assignment assignment) {
    int most = Collections.max(GangHosts.parse(assignment.hosts()).ranks());
    return Math.max(1, Runtime.getRuntime().availableProcessors() / most);
  }
}
