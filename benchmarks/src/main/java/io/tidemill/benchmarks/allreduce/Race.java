package io.tidemill.benchmarks.allreduce;

import io.tidemill.benchmarks.report.BenchRow;
import io.tidemill.benchmarks.report.BenchRow.Better;
import io.tidemill.error.EngineException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One contest: our lanes and the peers take turns, round by round, so that noise of the machine
 * hits all alike; the median of a side's windows counts.
 *
 * <p>A peer that fails is told of and left out; our own failure is the benchmark's.
 */
final class Race implements AutoCloseable {
  private static final int ROUNDS = 5;

  /** What just-in-time compilers are given at least before anything is measured. */
  private static final double WARM_UP_SECONDS = 2;

  private final Contest contest;
  private final Consumer<String> tell;
  private final Map<Lane, Side> ours = new EnumMap<>(Lane.class);
  private final List<Side> peers = new ArrayList<>();

  private Race(Contest contest, Consumer<String> tell) {
    this.contest = contest;
    this.tell = tell;
  }

  /** Starts all sides, one after the other. */
  static Race of(Contest contest, List<Lane> lanes, Starter starter, Consumer<String> tell) {
    Race race = new Race(contest, tell);
    try {
      for (Lane lane : lanes) {
        race.ours.put(lane, new Side(starter.ours(contest, lane)));
      }
      starter.peers(contest).stream().map(Side::new).forEach(race.peers::add);
      return race;
    } catch (EngineException e) {
      race.close();
      throw e;
    }
  }

  /** A row for each lane. */
  List<BenchRow> run(double windowSeconds) {
    ours.values().forEach(side -> side.warmUp(Math.max(WARM_UP_SECONDS, windowSeconds)));
    forEachPeer(peer -> peer.warmUp(windowSeconds));
    for (int round = 1; round <= ROUNDS; round++) {
      ours.values().forEach(side -> side.measure(windowSeconds));
      forEachPeer(peer -> peer.measure(windowSeconds));
    }
    ours.values().forEach(side -> tell.accept(contest + ": " + side));
    peers.forEach(peer -> tell.accept(contest + ": " + peer));
    return rows();
  }

  /** Framework and version of each peer that ran. */
  List<String> peerVersions() {
    return peers.stream().map(Side::version).distinct().toList();
  }

  @Override
  public void close() {
    ours.values().forEach(Side::close);
    peers.forEach(Side::close);
  }

  private List<BenchRow> rows() {
    Map<String, Double> figures = new LinkedHashMap<>();
    peers.forEach(peer -> figures.put(peer.name(), peer.microseconds()));
    List<BenchRow> rows = new ArrayList<>();
    ours.forEach(
        (lane, side) ->
            rows.add(
                new BenchRow(
                    contest.caseName(lane), "us", Better.LOWER, side.microseconds(), figures)));
    return rows;
  }

  private void forEachPeer(Consumer<Side> work) {
    for (Side peer : List.copyOf(peers)) {
      try {
        work.accept(peer);
      } catch (EngineException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        tell.accept(contest + ": " + e.getMessage() + "; it is left out");
        peers.remove(peer);
        peer.close();
      }
    }
  }
}
