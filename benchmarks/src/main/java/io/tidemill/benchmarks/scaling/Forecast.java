package io.tidemill.benchmarks.scaling;

import io.tidemill.benchmarks.scaling.Fleet.Latency;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the simulation says of a network on 1, 2, 4, … 1,024 workers.
 *
 * @param network that is trained
 * @param bytes of its parameters
 * @param shards of a step on one worker in weak scaling, as in {@code bench train}
 * @param alone times where one rank of a host works
 * @param together times where {@link #RANKS} ranks of a host work
 * @param arena between ranks of a host
 * @param wire between hosts
 */
record Forecast(
    String network,
    long bytes,
    int shards,
    PartTimes alone,
    PartTimes together,
    LaneCost arena,
    LaneCost wire) {
  /** Of each host, as many as were measured together. */
  static final int RANKS = 2;

  static final int MOST_WORKERS = 1024;

  /** V in strong scaling, and so the most workers that can share its step. */
  private static final int STRONG_SHARDS = MOST_WORKERS;

  private static final long SEED = 1;
  private static final int STEPS = 8;

  /** Assumptions, a sentence each; docs/benchmarks/scaling.md has the same. */
  static final List<String> ASSUMPTIONS =
      List.of(
          "Two ranks a host, as many as were measured together; one thread and one core each.",
          "Strong scaling: V = 1,024 shards of the measured size, whatever the number of workers.",
          "Weak scaling: each worker has the shards that one worker has in `bench train` (2, of the"
              + " gpt 4), so V grows with the workers.",
          "Workers are powers of two, so what a host sums is one sub-tree: one message a slice.",
          "Durations of shards are drawn independently of each other from the measured quantiles.",
          "Hosts talk as two processes do over Aeron UDP on loopback here; a real network adds its"
              + " latency and its limit, and leaves the cores more time.",
          "A host sends one message at a time and receives one at a time; their latencies overlap.",
          "The mirror of a host has a core of its own to sum and to send.",
          "Nothing is sent before the last gradient of a host is there: no overlap with backward.",
          "A sum of 1,024 gradients costs for each as much as one of a few, though caches lose.",
          "No stragglers but by the measured spread, and no switch that is too slow for all at"
              + " once.");

  /** What grows with the workers. */
  enum Scaling {
    /** Nothing: the same step on more and more workers. */
    STRONG,
    /** The step. */
    WEAK
  }

  /** One number of workers; efficiency is 1 where each does as much as one alone. */
  record Point(int workers, double stepsPerSecond, double efficiency) {}

  /** From one worker to 1,024. */
  List<Point> curve(Scaling scaling) {
    return IntStream.iterate(1, workers -> workers <= MOST_WORKERS, workers -> 2 * workers)
        .mapToObj(workers -> point(scaling, workers, Latency.OVERLAPS))
        .toList();
  }

  /** One number of workers, a power of two. */
  Point point(Scaling scaling, int workers, Latency latency) {
    double one = stepsPerSecond(1, shardsPerRank(scaling, 1), latency);
    double rate = stepsPerSecond(workers, shardsPerRank(scaling, workers), latency);
    double ideal = scaling == Scaling.STRONG ? one * workers : one;
    return new Point(workers, rate, rate / ideal);
  }

  /** Steps per second of what was measured, too. */
  double of(Formation formation) {
    int workers = formation.processes();
    return stepsPerSecond(workers, shards * formation.batches() / workers, Latency.OVERLAPS);
  }

  /** The least seconds in which a host can exchange a step with many others: its bytes alone. */
  double exchangeSeconds() {
    return 2 * bytes * wire.beta();
  }

  private int shardsPerRank(Scaling scaling, int workers) {
    return scaling == Scaling.STRONG ? STRONG_SHARDS / workers : shards;
  }

  private double stepsPerSecond(int workers, int shardsPerRank, Latency latency) {
    int ranks = Math.min(workers, RANKS);
    PartTimes parts = ranks == 1 ? alone : together;
    int hosts = workers / ranks;
    Fleet fleet = new Fleet(hosts, ranks, shardsPerRank, bytes, parts, arena, wire, latency);
    return FleetSimulation.stepsPerSecond(fleet, STEPS, SEED);
  }
}
