package io.tidemill.transport.collective;

/**
 * One operation that a rank has begun; its slot is used again.
 *
 * <p>Confined to the thread of its collective.
 */
final class Operation {
  private long number;
  private boolean reduces;
  private boolean gathers;
  private Slices slices = Slices.of(0, 0);

  void begin(long newNumber, Slices newSlices, boolean isReducing, boolean isGathering) {
    number = newNumber;
    slices = newSlices;
    reduces = isReducing;
    gathers = isGathering;
  }

  long number() {
    return number;
  }

  Slices slices() {
    return slices;
  }

  boolean reduces() {
    return reduces;
  }

  boolean gathers() {
    return gathers;
  }
}
