package io.tidemill.benchmarks.contender;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The figures of a side, a window each, of which the median counts. Confined to one thread. */
public final class Windows {
  private final List<Double> figures = new ArrayList<>();

  public void add(double figure) {
    figures.add(figure);
  }

  /** The middle one, or the mean of the two in the middle; at least one window is needed. */
  public double median() {
    List<Double> sorted = figures.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  public double least() {
    return Collections.min(figures);
  }

  public double most() {
    return Collections.max(figures);
  }
}
