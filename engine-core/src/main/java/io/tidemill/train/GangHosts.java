package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How the ranks of a gang lie on hosts: each host has a run of them, and the first host has that of
 * the leading process.
 *
 * @param ranks of each host, at least one
 */
public record GangHosts(List<Integer> ranks) {
  public GangHosts {
    ranks = List.copyOf(ranks);
    if (ranks.isEmpty() || ranks.stream().anyMatch(count -> count < 1)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "each host of a gang has at least one rank, found " + ranks);
    }
  }

  /** All on one host. */
  public static GangHosts one(int ranks) {
    return new GangHosts(List.of(ranks));
  }

  /** Reads what {@link #toString} wrote. */
  public static GangHosts parse(String text) {
    return new GangHosts(Arrays.stream(text.split("\\+", -1)).map(Integer::valueOf).toList());
  }

  /** How many hosts there are. */
  public int count() {
    return ranks.size();
  }

  /** Ranks on all hosts. */
  public int allRanks() {
    return firstRank(count());
  }

  /** First rank of a host; that of the next host is its end. */
  public int firstRank(int host) {
    return ranks.subList(0, host).stream().mapToInt(Integer::intValue).sum();
  }

  /** The host of a rank. */
  public int hostOf(int rank) {
    int host = 0;
    while (firstRank(host + 1) <= rank) {
      host++;
    }
    return host;
  }

  /** The same without the ranks from {@code most} on. */
  GangHosts atMost(int most) {
    List<Integer> kept = new ArrayList<>();
    for (int host = 0; host < count() && firstRank(host) < most; host++) {
      kept.add(Math.min(ranks.get(host), most - firstRank(host)));
    }
    return new GangHosts(kept);
  }

  /** Ranks of each host, as in {@code 2+1}. */
  @Override
  public String toString() {
    return ranks.stream().map(String::valueOf).collect(Collectors.joining("+"));
  }
}
