package io.tidemill.transport.collective;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.aeron.Credentials;

/**
 * Who adds vectors together, and which.
 *
 * @param id names it among the groups of a host, for example job and model
 * @param generation the job's attempt; a rank of an older one is refused
 * @param secret known to the ranks alone, and the same in every generation
 * @param ranks how many processes or threads take part
 * @param leaves how many vectors a sum has; each rank owns a run of them
 * @param summedFloats floats of each of these vectors, and of their sum
 * @param floats floats of the vector of values, of which sums are the head
 */
public record Group(
    String id,
    long generation,
    String secret,
    int ranks,
    int leaves,
    long summedFloats,
    long floats) {
  /** Bounds what a handshake has to carry. */
  static final int MAX_RANKS = 1024;

  public Group {
    require(ranks >= 1 && ranks <= MAX_RANKS, "ranks", "1 to " + MAX_RANKS, ranks);
    require(leaves >= ranks, "leaves", "at least one a rank, " + ranks, leaves);
    require(summedFloats >= 1, "summed floats", "1 or more", summedFloats);
    require(floats >= summedFloats, "floats", "at least those summed, " + summedFloats, floats);
  }

  /** A group whose values are sums and nothing else. */
  public static Group of(
      String id, long generation, String secret, int ranks, int leaves, long floats) {
    return new Group(id, generation, secret, ranks, leaves, floats, floats);
  }

  /** First leaf of a rank; that of the next rank is its end. */
  public int firstLeaf(int rank) {
    return (int) ((long) rank * leaves / ranks);
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "group %s, generation %d".formatted(id, generation);
  }

  int checkedRank(int rank) {
    require(rank >= 0 && rank < ranks, "rank", "0 to " + (ranks - 1), rank);
    return rank;
  }

  /** The index among this rank's leaves of one of them. */
  int ownLeaf(int rank, int leaf) {
    int first = firstLeaf(rank);
    int end = firstLeaf(rank + 1);
    require(leaf >= first && leaf < end, "leaf of rank " + rank, first + " to " + (end - 1), leaf);
    return leaf - first;
  }

  /** What its ranks show each other. */
  Credentials credentials() {
    String layout = ranks + "," + leaves + "," + summedFloats + "," + floats;
    return new Credentials(id, generation, secret, layout);
  }

  private static void require(boolean holds, String what, String expected, long found) {
    if (!holds) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s of a group: expected %s, found %d".formatted(what, expected, found));
    }
  }
}
