package io.tidemill.cluster.job;

import io.tidemill.local.Rendezvous;
import io.tidemill.train.GangHosts;
import java.nio.file.Path;

/**
 * Where the ranks of a training meet, as a message says it; see {@link Rendezvous}.
 *
 * @param hosts ranks of each host, as in {@code 2+1}
 */
public record Seat(
    String training, String memory, long generation, String hosts, String address, String secret) {
  /** What the leading process has said. */
  public static Seat of(Rendezvous place) {
    return new Seat(
        place.training(),
        place.memory().toString(),
        place.generation(),
        place.hosts().toString(),
        place.address(),
        place.secret());
  }

  /** What a process joins by. */
  public Rendezvous place() {
    return new Rendezvous(
        training, Path.of(memory), generation, GangHosts.parse(hosts), address, secret);
  }

  /** Of the training. */
  public int ranks() {
    return GangHosts.parse(hosts).allRanks();
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "seat in " + place();
  }
}
