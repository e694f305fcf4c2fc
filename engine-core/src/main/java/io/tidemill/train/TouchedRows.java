package io.tidemill.train;

import io.tidemill.device.Execution;
import io.tidemill.program.ParameterLayout;
import io.tidemill.program.ParameterLayout.Entry;
import io.tidemill.program.ParameterRole;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Set;

/**
 * What a step has touched of the arena: the rows that it looked up in tables that are trained by
 * row, and everything outside such tables.
 *
 * <p>Any number of threads may {@link #mark}, in any order and with the same result. Reading and
 * {@link #clear clearing} have to be ordered against that by the caller. Nothing is allocated after
 * construction: a bit for each row. Runs of touched floats are read like this:
 *
 * <pre>{@code
 * long at = touched.next(from, to);
 * while (at < to) {
 *   long end = touched.end(at, to);
 *   at = touched.next(end, to);
 * }
 * }</pre>
 */
final class TouchedRows {
  private static final VarHandle WORD = ValueLayout.JAVA_LONG.varHandle();

  /** In the order of the arena. */
  private final Table[] tables;

  TouchedRows(ParameterLayout layout) {
    this(layout, Arena.ofAuto().allocate(Math.max(Long.BYTES, bytes(layout)), Long.BYTES));
  }

  /** In {@link #bytes} of memory, which are zero where nothing was touched. */
  TouchedRows(ParameterLayout layout, MemorySegment memory) {
    List<Entry> byRow = byRow(layout);
    tables = new Table[byRow.size()];
    long at = 0;
    for (int i = 0; i < tables.length; i++) {
      long bytes = bytes(byRow.get(i));
      tables[i] = new Table(byRow.get(i), memory.asSlice(at, bytes));
      at += bytes;
    }
  }

  /** Bytes of memory for the tables of a layout. */
  static long bytes(ParameterLayout layout) {
    return byRow(layout).stream().mapToLong(TouchedRows::bytes).sum();
  }

  private static long bytes(Entry table) {
    return Math.ceilDiv(table.shape().dim(0), Long.SIZE) * (long) Long.BYTES;
  }

  private static List<Entry> byRow(ParameterLayout layout) {
    return layout.entries().stream()
        .filter(entry -> entry.role() == ParameterRole.TRAINED_BY_ROW)
        .toList();
  }

  /** Adds what the last run of an execution has touched. */
  void mark(Execution execution) {
    for (Table table : tables) {
      table.mark(execution.touchedRows(table.name));
    }
  }

  /** Marks the rows of some tables. */
  void mark(Execution execution, Set<String> names) {
    for (Table table : tables) {
      if (names.contains(table.name)) {
        table.mark(execution.touchedRows(table.name));
      }
    }
  }

  /** The first touched float of [from, to); {@code to} where there is none. */
  long next(long from, long to) {
    long at = from;
    for (Table table : tables) {
      if (at < table.from) {
        break;
      }
      if (at < table.to) {
        at = table.next(at);
        if (at < table.to) {
          break;
        }
      }
    }
    return Math.min(at, to);
  }

  /** The end of the run of touched floats that begins at {@code from}, within [from, to). */
  long end(long from, long to) {
    for (Table table : tables) {
      if (to <= table.from) {
        break;
      }
      if (from < table.to) {
        long end = table.end(Math.max(from, table.from));
        if (end < table.to) {
          return Math.min(end, to);
        }
      }
    }
    return to;
  }

  /** Takes the rows back that begin, go on or end within [from, to), and some next to them. */
  void clear(long from, long to) {
    for (Table table : tables) {
      table.clear(Math.max(from, table.from), Math.min(to, table.to));
    }
  }

  /** One table: floats [from, to) of the arena, and a bit for each of its rows. */
  private static final class Table {
    private final String name;
    private final long from;
    private final long to;
    private final int width;
    private final int rows;
    private final int words;
    private final MemorySegment bits;

    Table(Entry entry, MemorySegment bits) {
      name = entry.name();
      from = entry.offset();
      to = from + entry.floats();
      rows = entry.shape().dim(0);
      width = entry.shape().dim(1);
      words = Math.ceilDiv(rows, Long.SIZE);
      this.bits = bits;
    }

    void mark(MemorySegment ids) {
      long count = ids.byteSize() / Integer.BYTES;
      for (long i = 0; i < count; i++) {
        int row = ids.getAtIndex(ValueLayout.JAVA_INT, i);
        long bit = 1L << row;
        long at = (long) (row / Long.SIZE) * Long.BYTES;
        if (((long) WORD.getOpaque(bits, at) & bit) == 0) {
          long _ = (long) WORD.getAndBitwiseOr(bits, at, bit);
        }
      }
    }

    long next(long at) {
      int row = row(at);
      int touched = nextRow(row, 0);
      return touched == row ? at : from + (long) touched * width;
    }

    long end(long at) {
      return Math.max(at, from + (long) nextRow(row(at), -1) * width);
    }

    void clear(long start, long stop) {
      if (start < stop) {
        int last = row(stop - 1) / Long.SIZE;
        for (int word = row(start) / Long.SIZE; word <= last; word++) {
          bits.setAtIndex(ValueLayout.JAVA_LONG, word, 0);
        }
      }
    }

    private int row(long at) {
      return (int) ((at - from) / width);
    }

    private long word(int index) {
      return bits.getAtIndex(ValueLayout.JAVA_LONG, index);
    }

    /** The first row from {@code row} on whose bit is not that of {@code skipped}, else the end. */
    private int nextRow(int row, long skipped) {
      int word = row / Long.SIZE;
      long found = (word(word) ^ skipped) & -1L << row;
      while (found == 0) {
        word++;
        if (word == words) {
          return rows;
        }
        found = word(word) ^ skipped;
      }
      return Math.min(rows, word * Long.SIZE + Long.numberOfTrailingZeros(found));
    }
  }
}
