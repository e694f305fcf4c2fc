package io.tidemill.benchmarks.scaling;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
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

  /** V in strong scaling, and so the most workers that can share its step. */
  static final int MOST_WORKERS = 1024;

  static final long SEED = 1;
  private static final int STEPS = 10;

  /** Assumptions, a sentence each; docs/benchmarks/scaling.md has the same. */
  static final List<String> ASSUMPTIONS =
      List.of(
          "Two ranks a host, as many as were measured together; one thread and one core each.",
          "Strong scaling: V = 1,024 shards of the measured size, whatever the number of workers.",
          "Weak scaling: each worker has the shards that one worker has in bench train, so V"
              + " grows.",
          "Workers are powers of two, so what a host sums is one sub-tree: one message a slice.",
          "Durations of shards are drawn independently of each other from the measured quantiles.",
          "Hosts talk over Aeron UDP as it is on loopback here, where both ends share a processor's"
              + " memory and a driver's thread; a wire adds its own latency and its own limit.",
          "A host sends one message at a time and receives one at a time, alpha included.",
          "One leader a host sends for its ranks; the engine does not train across hosts yet.",
          "Nothing is sent before the last gradient of a host is there: no overlap with backward.",
          "A sum of 1,024 gradients costs for each as much as one of a few, though caches lose.",
          "No stragglers but by the measured spread; no switch that is too slow for all at once.");

  /** One number of workers. */
  record Point(int workers, double stepsPerSecond, double efficiency) {}

  /** The same step on more and more workers; ideal is twice the steps on twice the workers. */
  List<Point> strong() {
    double one = stepsPerSecond(1, MOST_WORKERS);
    return points(workers -> one * workers, workers -> MOST_WORKERS / workers);
  }

  /** A step that grows with the workers; ideal is as many steps as one worker does. */
  List<Point> weak() {
    double one = stepsPerSecond(1, shards);
    return points(_ -> one, _ -> shards);
  }

  /** What was measured, too. */
  double of(Formation formation) {
    int workers = formation.processes();
    return stepsPerSecond(workers, shards * formation.batches() / workers);
  }

  /** The least seconds in which a host can exchange a step with many others: its bytes alone. */
  double exchangeSeconds() {
    return 2 * bytes * wire.beta();
  }

  private List<Point> points(IntToDoubleFunction ideal, IntUnaryOperator shardsPerRank) {
    return IntStream.iterate(1, workers -> workers <= MOST_WORKERS, workers -> 2 * workers)
        .mapToObj(
            workers -> {
              double rate = stepsPerSecond(workers, shardsPerRank.applyAsInt(workers));
              return new Point(workers, rate, rate / ideal.applyAsDouble(workers));
            })
        .toList();
  }

  private double stepsPerSecond(int workers, int shardsPerRank) {
    int ranks = Math.min(workers, RANKS);
    PartTimes parts = ranks == 1 ? alone : together;
    Fleet fleet = new Fleet(workers / ranks, ranks, shardsPerRank, bytes, parts, arena, wire);
    return FleetSimulation.stepsPerSecond(fleet, STEPS, SEED);
  }
}
