package io.tidemill.connector;

import java.util.function.ToLongFunction;

/**
 * Which time a record has, and how far the records of a split may be out of order.
 *
 * @param timeMs milliseconds since the epoch
 * @param boundMs a record may come this much after a later one; one that comes later still is late
 * @param late what happens to a late record
 */
public record EventTime<T>(ToLongFunction<T> timeMs, long boundMs, Late late) {
  /** What happens to a late record. It depends on its own split only, never on timing. */
  public enum Late {
    /** The job fails and names the record. */
    FAIL,
    /** The record is left out and counted. */
    DROP
  }
}
