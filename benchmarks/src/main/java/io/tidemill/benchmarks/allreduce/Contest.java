package io.tidemill.benchmarks.allreduce;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sums of one size over so many ranks: all lanes and all peers meet in it.
 *
 * @param ranks how many take part
 * @param size of the vectors
 */
record Contest(int ranks, Size size) {
  private static final List<Integer> RANKS = List.of(2, 4);

  static List<Contest> all() {
    List<Contest> contests = new ArrayList<>();
    for (int ranks : RANKS) {
      Size.ALL.forEach(size -> contests.add(new Contest(ranks, size)));
    }
    return contests;
  }

  /** The names of all cases, in the order in which they are measured. */
  static List<String> caseNames() {
    return all().stream()
        .flatMap(contest -> Arrays.stream(Lane.values()).map(contest::caseName))
        .toList();
  }

  /** For example {@code allreduce-arena-2-64KB}. */
  String caseName(Lane lane) {
    return "allreduce-" + lane.label() + "-" + this;
  }

  /** The lanes that are wanted. */
  List<Lane> lanes(List<String> cases) {
    return Arrays.stream(Lane.values()).filter(lane -> cases.contains(caseName(lane))).toList();
  }

  @Override
  public String toString() {
    return ranks + "-" + size.label();
  }
}
