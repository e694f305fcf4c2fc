package io.tidemill.cluster.head;

import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.train.GangHosts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The slots of all workers at a moment, and which of them a job should have. */
final class Slots {
  private final int all;

  /** The free slots of each host's workers, the roomiest host first. */
  private final List<Map<String, Integer>> freeByHost;

  /**
   * The workers of a job's ranks, in order.
   *
   * @param hosts how they lie
   */
  record Placement(List<String> workers, GangHosts hosts) {}

  /**
   * Counts.
   *
   * @param leaving ids of the workers that get nothing more
   * @param running the jobs that have slots
   */
  Slots(List<WorkerInfo> workers, Set<String> leaving, List<Job> running) {
    this.all = workers.stream().mapToInt(WorkerInfo::slots).sum();
    Map<String, Integer> free = new TreeMap<>();
    workers.forEach(
        worker -> free.put(worker.id(), leaving.contains(worker.id()) ? 0 : worker.slots()));
    running.stream()
        .map(Job::placement)
        .flatMap(Collection::stream)
        .forEach(worker -> free.computeIfPresent(worker, (_, slots) -> slots - 1));
    Map<String, Map<String, Integer>> hosts = new TreeMap<>();
    for (WorkerInfo worker : workers) {
      // Those of one that leaves may still be in use.
      hosts
          .computeIfAbsent(worker.host(), _ -> new TreeMap<>())
          .put(worker.id(), Math.max(0, free.get(worker.id())));
    }
    this.freeByHost =
        hosts.values().stream().sorted(Comparator.comparingInt(Slots::room).reversed()).toList();
  }

  /** How many there are. */
  int all() {
    return all;
  }

  /** How many nobody has. */
  int free() {
    return freeByHost.stream().mapToInt(Slots::room).sum();
  }

  /**
   * Takes so many free slots: on one host where there is one with room for all, since what ranks
   * share is nearer there; else on as few hosts as it takes.
   */
  Placement take(int count) {
    List<String> workers = new ArrayList<>();
    List<Integer> ranksOfHosts = new ArrayList<>();
    for (Map<String, Integer> free : freeByHost) {
      int here = Math.min(room(free), count - workers.size());
      for (int rank = 0; rank < here; rank++) {
        String worker = freest(free);
        free.merge(worker, -1, Integer::sum);
        workers.add(worker);
      }
      if (here > 0) {
        ranksOfHosts.add(here);
      }
    }
    return new Placement(workers, new GangHosts(ranksOfHosts));
  }

  private static int room(Map<String, Integer> free) {
    return free.values().stream().mapToInt(Integer::intValue).sum();
  }

  private static String freest(Map<String, Integer> free) {
    return free.entrySet().stream()
        .max(
            Map.Entry.<String, Integer>comparingByValue()
                .thenComparing(Map.Entry::getKey, Comparator.reverseOrder()))
        .orElseThrow()
        .getKey();
  }
}
