package io.tidemill.benchmarks.report;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One figure of ours beside the same figure of each peer.
 *
 * @param name the case, for example {@code mlp}
 * @param unit of all figures
 * @param better which figures are the better ones
 * @param ours this engine's figure
 * @param peers the figure of each peer that was there, by name
 */
public record BenchRow(
    String name, String unit, Better better, double ours, Map<String, Double> peers) {
  public BenchRow {
    peers = new LinkedHashMap<>(peers); // in the order in which they were measured
  }

  /** Which of two figures is the better one. */
  public enum Better {
    HIGHER,
    LOWER
  }

  /** The name of the peer with the best figure. */
  public Optional<String> bestPeer() {
    Comparator<Map.Entry<String, Double>> byFigure = Map.Entry.comparingByValue();
    return peers.entrySet().stream()
        .max(better == Better.HIGHER ? byFigure : byFigure.reversed())
        .map(Map.Entry::getKey);
  }

  /** How many times better than the best peer: above 1 is ahead. Empty without a peer. */
  public OptionalDouble ratio() {
    return bestPeer().stream()
        .mapToDouble(peers::get)
        .map(best -> better == Better.HIGHER ? ours / best : best / ours)
        .findFirst();
  }
}
