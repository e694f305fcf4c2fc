package io.tidemill.serving.stream;

import java.util.List;

/**
 * A text that grows and ends before the first of some stops. What could be the beginning of a stop
 * is held back until it is certain. Confined to one thread.
 */
final class StopText {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean isStopped;

  StopText(List<String> stops) {
    this.stops = stops;
  }

  void add(String piece) {
    held.append(piece);
    int first = -1;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
      }
    }
    if (first >= 0) {
      held.setLength(first);
      isStopped = true;
    }
  }

  boolean isStopped() {
    return isStopped;
  }

  /** What is certain by now and was not taken yet. */
  String certain() {
    return take(held.length() - uncertain());
  }

  /** All that was not taken yet. */
  String rest() {
    return take(held.length());
  }

  private String take(int length) {
    String taken = held.substring(0, length);
    held.delete(0, length);
    return taken;
  }

  /** Length of the longest end that a stop begins with. */
  private int uncertain() {
    for (int length = held.length(); length > 0; length--) {
      if (couldBegin(held.substring(held.length() - length))) {
        return length;
      }
    }
    return 0;
  }

  private boolean couldBegin(String end) {
    return stops.stream().anyMatch(stop -> stop.startsWith(end));
  }
}
