package io.tidemill.cluster.job;

import io.tidemill.local.Rendezvous;
import io.tidemill.local.TaskRendezvous;
import io.tidemill.train.GangHosts;
import java.nio.file.Path;

/**
 * Where the ranks of a training meet, or the workers that share the tasks of a job, as a message
 * says it; see {@link Rendezvous} and {@link TaskRendezvous}.
 *
 * @param training empty where tasks are shared
 * @param memory likewise
 * @param hosts ranks, or workers, of each host, as in {@code 2+1}
 * @param threads of all workers; 0 where it is about ranks
 */
public record Seat(
    String training,
    String memory,
    long generation,
    String hosts,
    int threads,
    String address,
    String secret) {
  /** What the leading process has said. */
  public static Seat of(Rendezvous place) {
    return new Seat(
        place.training(),
        place.memory().toString(),
        place.generation(),
        place.hosts().toString(),
        0,
        place.address(),
        place.secret());
  }

  /** What the leading process has said. */
  public static Seat of(TaskRendezvous place) {
    return new Seat(
        "",
        "",
        place.generation(),
        place.hosts().toString(),
        place.threads(),
        place.address(),
        place.secret());
  }

  /** Whether a process takes a share of the tasks here, and not a rank. */
  public boolean takesTasks() {
    return training.isEmpty();
  }

  /** What a process that takes tasks joins by. */
  public TaskRendezvous tasks() {
    return new TaskRendezvous(generation, GangHosts.parse(hosts), threads, address, secret);
  }

  /** What a process that takes a rank joins by. */
  public Rendezvous place() {
    return new Rendezvous(
        training, Path.of(memory), generation, GangHosts.parse(hosts), address, secret);
  }

  /** Of the training, or workers that share the tasks. */
  public int ranks() {
    return GangHosts.parse(hosts).allRanks();
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "seat in " + (takesTasks() ? tasks() : place());
  }
}
