package io.tidemill.benchmarks.scaling;

import io.tidemill.benchmarks.scaling.Forecast.Scaling;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Draws efficiency against the number of workers as SVG, a colour for each network. */
final class EfficiencyChart {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 400;
  private static final int LEFT = 60;
  private static final int TOP = 20;
  private static final int RIGHT = 510;
  private static final int BOTTOM = 350;
  private static final List<String> COLOURS = List.of("#0b6e99", "#c2410c", "#4d7c0f");

  private final StringBuilder svg = new StringBuilder();
  private final List<String> networks = new ArrayList<>();

  /** A chart with axes, for 1 to {@link Forecast#MOST_WORKERS} workers. */
  EfficiencyChart() {
    svg.append(
        """
        <svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %1$d %2$d' font-family='sans-serif' font-size='12'>
        <rect width='%1$d' height='%2$d' fill='white'/>
        <text x='%3$d' y='390'>workers, two a host; predicted efficiency, strong scaling (lines), weak (dashed)</text>
        """
            .formatted(WIDTH, HEIGHT, LEFT));
    for (int percent = 0; percent <= 100; percent += 20) {
      svg.append(
          """
          <path d='M%1$d %2$dH%3$d' stroke='#ddd'/><text x='50' y='%2$d' text-anchor='end'>%4$d %%</text>
          """
              .formatted(LEFT, y(percent / 100.0), RIGHT, percent));
    }
    for (int workers = 1; workers <= Forecast.MOST_WORKERS; workers *= 2) {
      svg.append(
          "<text x='%d' y='%d' text-anchor='middle'>%d</text>\n"
              .formatted(x(workers), BOTTOM + 18, workers));
    }
  }

  /** A line; dashed where scaling is weak. */
  void add(String network, Scaling scaling, List<Forecast.Point> curve) {
    if (!networks.contains(network)) {
      networks.add(network);
      legend(network);
    }
    String points =
        curve.stream()
            .map(point -> x(point.workers()) + "," + y(point.efficiency()))
            .collect(Collectors.joining(" "));
    svg.append(
        """
        <polyline points='%s' fill='none' stroke='%s' stroke-width='2' stroke-dasharray='%s'/>
        """
            .formatted(points, colour(network), scaling == Scaling.WEAK ? "5 4" : "none"));
  }

  /** The text of the file. */
  String svg() {
    return svg + "</svg>\n";
  }

  private void legend(String network) {
    int y = TOP + 20 * networks.size();
    svg.append(
        "<path d='M%d %dh24' stroke='%s' stroke-width='2'/><text x='%d' y='%d'>%s</text>\n"
            .formatted(RIGHT + 20, y, colour(network), RIGHT + 52, y + 4, network));
  }

  private String colour(String network) {
    return COLOURS.get(networks.indexOf(network) % COLOURS.size());
  }

  private static long x(int workers) {
    double share = Math.log(workers) / Math.log(Forecast.MOST_WORKERS);
    return Math.round(LEFT + share * (RIGHT - LEFT));
  }

  /** A little above 1 at most, where chance has it. */
  private static long y(double efficiency) {
    return Math.round(BOTTOM - Math.min(1.05, efficiency) * (BOTTOM - TOP));
  }
}
