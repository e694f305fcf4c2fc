package io.tidemill.serving.batch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Who waits: by priority, and in order of arrival within one. The queue's lock guards it. */
final class WaitingLine {
  private static final class Level {
    private final Deque<Pending> requests = new ArrayDeque<>();
    private int rows;
  }

  private final NavigableMap<Integer, Level> levels = new TreeMap<>();
  private int rows;

  boolean isEmpty() {
    return rows == 0;
  }

  /** Rows that no batch has taken. */
  int rows() {
    return rows;
  }

  /** Those of them that are served before a request of this priority that comes now. */
  int rowsBefore(int priority) {
    return levels.headMap(priority, true).values().stream().mapToInt(level -> level.rows).sum();
  }

  void add(Pending request) {
    Level level = levels.computeIfAbsent(request.priority(), _ -> new Level());
    level.requests.add(request);
    count(level, request.untakenRows());
  }

  /** The next rows, at most so many, whose requests are of the shape of the first. */
  List<Slice> take(int mostRows) {
    List<Slice> batch = new ArrayList<>();
    int room = mostRows;
    for (Level level : levels.values()) {
      for (Iterator<Pending> next = level.requests.iterator(); room > 0 && next.hasNext(); ) {
        Pending request = next.next();
        if (!batch.isEmpty() && !request.isLike(batch.getFirst().request())) {
          continue;
        }
        Slice slice = request.take(room);
        if (request.untakenRows() == 0) {
          next.remove();
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
      count(level, -request.untakenRows());
    }
    return isHere;
  }

  /** Takes out those whose deadline has passed and who are next. */
  List<Pending> removeExpired(long nowNs) {
    List<Pending> expired = new ArrayList<>();
    for (Level level : levels.values()) {
      while (!level.requests.isEmpty() && level.requests.peek().isExpired(nowNs)) {
        Pending request = level.requests.remove();
        count(level, -request.untakenRows());
        expired.add(request);
      }
    }
    return expired;
  }

  /** Takes all out. */
  List<Pending> removeAll() {
    List<Pending> all = levels.values().stream().flatMap(each -> each.requests.stream()).toList();
    levels.clear();
    rows = 0;
    return all;
  }

  private void count(Level level, int change) {
    level.rows += change;
    rows += change;
  }
}
