package io.tidemill.benchmarks.scaling;

import java.util.PriorityQueue;

/**
 * What happens in a simulation, in the order of time; at one time, in the order in which it was
 * planned. Confined to one thread.
 */
final class EventQueue {
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private double now;
  private long planned;

  private record Event(double seconds, long number, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Double.compare(seconds, other.seconds);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  /** Seconds since the beginning. */
  double now() {
    return now;
  }

  /** Plans something at a time that has not passed. */
  void at(double seconds, Runnable action) {
    events.add(new Event(Math.max(seconds, now), planned++, action));
  }

  /** Plans something for later. */
  void in(double seconds, Runnable action) {
    at(now + seconds, action);
  }

  /** Until nothing is left to happen. */
  void run() {
    while (!events.isEmpty()) {
      Event event = events.remove();
      now = event.seconds;
      event.action.run();
    }
  }
}
