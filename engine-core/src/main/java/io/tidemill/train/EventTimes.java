package io.tidemill.train;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The highest event time among the first rows of a sample log, known where a step ends. The
 * sequencer writes, a trainer reads; any thread.
 */
final class EventTimes {
  /** After so many rows, milliseconds of the epoch. */
  private final TreeMap<Long, Long> highestMs = new TreeMap<>();

  /** The first {@code rows} rows have no later time than this. */
  synchronized void add(long rows, long timeMs) {
    highestMs.put(rows, timeMs);
  }

  /** The highest time among the first {@code rows} rows; empty where none is known. */
  synchronized OptionalLong upTo(long rows) {
    Map.Entry<Long, Long> entry = highestMs.floorEntry(rows);
    return entry == null ? OptionalLong.empty() : OptionalLong.of(entry.getValue());
  }

  /** Nobody will ask for fewer rows than these any more. */
  synchronized void forgetBefore(long rows) {
    Long floor = highestMs.floorKey(rows);
    if (floor != null) {
      highestMs.headMap(floor, false).clear();
    }
  }

  /** Pairs of rows and times, ascending. */
  synchronized byte[] snapshot() {
    ByteBuffer bytes = ByteBuffer.allocate(highestMs.size() * 2 * Long.BYTES);
    highestMs.forEach((rows, timeMs) -> bytes.putLong(rows).putLong(timeMs));
    return bytes.array();
  }

  synchronized void restore(byte[] snapshot) {
    ByteBuffer bytes = ByteBuffer.wrap(snapshot);
    while (bytes.hasRemaining()) {
      long rows = bytes.getLong();
      highestMs.put(rows, bytes.getLong());
    }
  }
}
