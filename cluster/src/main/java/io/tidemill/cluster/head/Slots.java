package io.tidemill.cluster.head;

import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.train.GangHosts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The slots of all workers at a moment, and which of them a job should have. */
final class Slots {
  private final int all;

  /** The roomiest first. */
  private final List<Host> hosts;

  /** A host, and the free slots of its workers by their ids. */
  private record Host(String name, Map<String, Integer> free) {
    int room() {
      return free.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Takes a slot: of {@code wanted} where that has one, else of who has most. */
    String take(Optional<String> wanted) {
      String worker = wanted.filter(id -> free.getOrDefault(id, 0) > 0).orElseGet(this::freest);
      free.merge(worker, -1, Integer::sum);
      return worker;
    }

    private String freest() {
      return free.entrySet().stream()
          .max(
              Map.Entry.<String, Integer>comparingByValue()
                  .thenComparing(Map.Entry::getKey, Comparator.reverseOrder()))
          .orElseThrow()
          .getKey();
    }
  }

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
    Map<String, Map<String, Integer>> freeByHost = new TreeMap<>();
    for (WorkerInfo worker : workers) {
      // Those of one that leaves may still be in use.
      freeByHost
          .computeIfAbsent(worker.host(), _ -> new TreeMap<>())
          .put(worker.id(), Math.max(0, free.get(worker.id())));
    }
    this.hosts =
        freeByHost.entrySet().stream()
            .map(host -> new Host(host.getKey(), host.getValue()))
            .sorted(Comparator.comparingInt(Host::room).reversed())
            .toList();
  }

  /** How many there are. */
  int all() {
    return all;
  }

  /** How many nobody has. */
  int free() {
    return hosts.stream().mapToInt(Host::room).sum();
  }

  /**
   * Takes so many free slots: on one host where there is one with room for all, since what ranks
   * share is nearer there; else on as few hosts as it takes.
   *
   * @param before who has led the job last: leads it again, or another of its host does, where that
   *     takes no more hosts; its JVM is warm, and that host has read the job's files
   */
  Placement take(int count, Optional<WorkerInfo> before) {
    List<String> workers = new ArrayList<>();
    List<Integer> ranksOfHosts = new ArrayList<>();
    for (Host host : hostsFor(count, before)) {
      int here = Math.min(host.room(), count - workers.size());
      for (int rank = 0; rank < here; rank++) {
        workers.add(host.take(before.filter(_ -> workers.isEmpty()).map(WorkerInfo::id)));
      }
      ranksOfHosts.add(here);
    }
    return new Placement(workers, new GangHosts(ranksOfHosts));
  }

  /** As few as have room for so many. */
  private List<Host> hostsFor(int count, Optional<WorkerInfo> before) {
    Optional<Host> last =
        hosts.stream()
            .filter(host -> before.map(WorkerInfo::host).equals(Optional.of(host.name)))
            .findFirst();
    if (last.isPresent() && last.get().room() >= count) {
      return List.of(last.get());
    }
    List<Host> taken = new ArrayList<>();
    int room = 0;
    for (Host host : hosts) {
      if (room < count) {
        taken.add(host);
        room += host.room();
      }
    }
    taken.sort(Comparator.comparing(host -> !Optional.of(host).equals(last)));
    return taken;
  }
}
