package io.tidemill.serving.batch;

import io.tidemill.serving.inference.Urgency;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.OptionalLong;
import java.util.SequencedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who waits: by priority, and in order of arrival within one; and whose time is over first. The
 * queue's lock guards it. Each step takes the time of a search at most, however many wait.
 */
final class WaitingLine {
  private static final class Level {
    private final SequencedSet<Pending> requests = new LinkedHashSet<>();
    private int rows;
    private long bytes;
  }

  private final NavigableMap<Integer, Level> levels = new TreeMap<>();
  private final NavigableSet<Pending> byDeadline =
      new TreeSet<>(
          Comparator.comparingLong(Pending::deadlineNs).thenComparingLong(Pending::number));
  private long added;
  private int rows;

  boolean isEmpty() {
    return rows == 0;
  }

  /** Rows that no batch has taken. */
  int rows() {
    return rows;
  }

  /** Rows of requests that somebody waits for. */
  int pressingRows() {
    return rowsBefore(Urgency.LAST);
  }

  /** Those of them that are served before a request of this priority that comes now. */
  int rowsBefore(int priority) {
    int before = 0;
    for (Level level : levels.headMap(priority, true).values()) {
      before += level.rows;
    }
    return before;
  }

  /** Bytes of the inputs of the requests of which rows wait, up to this priority. */
  long bytesBefore(int priority) {
    long before = 0;
    for (Level level : levels.headMap(priority, true).values()) {
      before += level.bytes;
    }
    return before;
  }

  void add(Pending request) {
    request.setNumber(added++);
    Level level = levels.computeIfAbsent(request.priority(), _ -> new Level());
    level.requests.add(request);
    if (request.hasDeadline()) {
      byDeadline.add(request);
    }
    level.bytes += request.bytes();
    count(level, request.untakenRows());
  }

  /**
   * The next rows, at most so many, whose requests are of the shape of the first. What nobody waits
   * for does not ride with what somebody does, who would wait the longer for it.
   */
  List<Slice> take(int mostRows) {
    List<Slice> batch = new ArrayList<>();
    int room = mostRows;
    for (Level level : levels.values()) {
      for (Iterator<Pending> next = level.requests.iterator(); room > 0 && next.hasNext(); ) {
        Pending request = next.next();
        if (!batch.isEmpty() && !request.mayRideWith(batch.getFirst().request())) {
          continue;
        }
        Slice slice = request.take(room);
        if (request.untakenRows() == 0) {
          next.remove();
          forget(level, request);
        }
        count(level, -slice.rows());
        batch.add(slice);
        room -= slice.rows();
      }
    }
    return batch;
  }

  /** Takes a request out; false where no row of it waits here. */
  boolean remove(Pending request) {
    Level level = levels.get(request.priority());
    boolean isHere = level != null && level.requests.remove(request);
    if (isHere) {
      forget(level, request);
      count(level, -request.untakenRows());
    }
    return isHere;
  }

  /** Takes out all whose deadline has passed. */
  List<Pending> removeExpired(long nowNs) {
    if (byDeadline.isEmpty() || byDeadline.first().deadlineNs() > nowNs) {
      return List.of();
    }
    List<Pending> expired = new ArrayList<>();
    while (!byDeadline.isEmpty() && byDeadline.first().deadlineNs() <= nowNs) {
      Pending request = byDeadline.first();
      remove(request);
      expired.add(request);
    }
    return expired;
  }

  /** The first deadline of those who wait. */
  OptionalLong firstDeadlineNs() {
    return byDeadline.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(byDeadline.first().deadlineNs());
  }

  /** Takes all out. */
  List<Pending> removeAll() {
    List<Pending> all = levels.values().stream().flatMap(each -> each.requests.stream()).toList();
    levels.clear();
    byDeadline.clear();
    rows = 0;
    return all;
  }

  private void forget(Level level, Pending request) {
    level.bytes -= request.bytes();
    if (request.hasDeadline()) {
      byDeadline.remove(request);
    }
  }

  private void count(Level level, int change) {
    level.rows += change;
    rows += change;
  }
}
