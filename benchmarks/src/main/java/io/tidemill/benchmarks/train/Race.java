package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.error.EngineException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One case: our side and its peers take turns, round by round, so that noise of the machine hits
 * all alike; the median of a side's windows counts.
 *
 * <p>All processes live from the first round to the last; one works at a time. A peer that fails is
 * told of and left out; our own failure is the benchmark's.
 */
final class Race implements AutoCloseable {
  private static final int ROUNDS = 5;

  /** What just-in-time compilers are given at least before anything is measured. */
  private static final double WARM_UP_SECONDS = 4;

  private final TrainCase trainCase;
  private final Consumer<String> tell;
  private final Lane ours;
  private final List<Lane> peers = new ArrayList<>();

  private Race(TrainCase trainCase, Lane ours, Consumer<String> tell) {
    this.trainCase = trainCase;
    this.ours = ours;
    this.tell = tell;
  }

  /** Starts all sides, one after the other. */
  static Race of(TrainCase trainCase, Starter starter, Consumer<String> tell) {
    tell.accept(
        "%s: %s, float32; %d threads each"
            .formatted(trainCase.name(), trainCase.description(), TrainBenchmark.THREADS));
    Race race = new Race(trainCase, new Lane(starter.ours(trainCase)), tell);
    try {
      for (Peer peer : trainCase.peers()) {
        starter.peer(peer, trainCase).map(Lane::new).ifPresent(race.peers::add);
      }
      return race;
    } catch (EngineException e) {
      race.close();
      throw e;
    }
  }

  /** The rate of the case, and the memory where the system tells it. */
  List<BenchRow> run(double windowSeconds) {
    double warmUp = Math.max(WARM_UP_SECONDS, windowSeconds);
    ours.warmUp(warmUp);
    forEachPeer(peer -> peer.warmUp(warmUp));
    for (int round = 1; round <= ROUNDS; round++) {
      ours.measure(windowSeconds);
      forEachPeer(peer -> peer.measure(windowSeconds));
      tell.accept("%s: round %d of %d".formatted(trainCase.name(), round, ROUNDS));
    }
    tell.accept(trainCase.name() + ": " + ours);
    peers.forEach(peer -> tell.accept(trainCase.name() + ": " + peer));
    return rows();
  }

  /** Framework and version of each peer that ran. */
  List<String> peerVersions() {
    return peers.stream().map(Lane::version).distinct().toList();
  }

  @Override
  public void close() {
    ours.close();
    peers.forEach(Lane::close);
  }

  private void forEachPeer(Consumer<Lane> work) {
    for (Lane peer : List.copyOf(peers)) {
      try {
        work.accept(peer);
      } catch (EngineException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        tell.accept(trainCase.name() + ": " + e.getMessage() + "; it is left out");
        peers.remove(peer);
        peer.close();
      }
    }
  }

  private List<BenchRow> rows() {
    List<BenchRow> rows = new ArrayList<>();
    Map<String, Double> rates = new LinkedHashMap<>();
    peers.forEach(peer -> rates.put(peer.name(), peer.rate()));
    rows.add(new BenchRow(trainCase.name(), "steps/s", Better.HIGHER, ours.rate(), rates));
    ours.mebibytes().ifPresent(mebibytes -> rows.add(memory(mebibytes)));
    return rows;
  }

  private BenchRow memory(double mebibytes) {
    Map<String, Double> memories = new LinkedHashMap<>();
    peers.forEach(peer -> peer.mebibytes().ifPresent(figure -> memories.put(peer.name(), figure)));
    return new BenchRow("memory-" + trainCase.name(), "MiB", Better.LOWER, mebibytes, memories);
  }
}
