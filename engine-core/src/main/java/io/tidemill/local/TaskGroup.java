package io.tidemill.local;

import io.tidemill.graph.DataflowGraph;
import io.tidemill.link.PeerNetwork;
import io.tidemill.release.Release;
import io.tidemill.train.GangHosts;

/**
 * The workers that share the tasks of a job, for one attempt.
 *
 * @param job its name
 * @param generation of the attempt
 * @param hosts how the workers lie on hosts
 * @param threads of all workers together
 * @param secret that only they are told
 * @param pipeline fingerprint of the graph
 * @param seed of the job
 */
record TaskGroup(
    String job,
    long generation,
    GangHosts hosts,
    int threads,
    String secret,
    String pipeline,
    long seed) {
  /** In place of a process number: that of a process of another host means nothing here. */
  static final long ELSEWHERE = -1;

  /** The group that meets at a place. */
  static TaskGroup at(TaskRendezvous place, JobOptions options, DataflowGraph graph) {
    return new TaskGroup(
        options.job(),
        place.generation(),
        place.hosts(),
        place.threads(),
        place.secret(),
        graph.fingerprint(),
        options.seed());
  }

  String name() {
    return "the tasks of job " + job;
  }

  TaskRendezvous rendezvous(String address) {
    return new TaskRendezvous(generation, hosts, threads, address, secret);
  }

  /** Who talks to whom; they lay the same graph out alike, so each knows where every task is. */
  PeerNetwork.Group peers() {
    String agreement =
        "engine=%s\npipeline=%s\nseed=%d\nworkers=%s\nthreads=%d\n"
            .formatted(Release.version(), pipeline, seed, hosts, threads);
    return new PeerNetwork.Group(name(), generation, secret, hosts.allRanks(), agreement);
  }
}
