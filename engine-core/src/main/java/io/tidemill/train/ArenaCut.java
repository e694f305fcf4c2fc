package io.tidemill.train;

import io.tidemill.program.Optimizer;
import io.tidemill.program.ParameterLayout;
import io.tidemill.program.ParameterLayout.Entry;
import io.tidemill.program.ParameterRole;
import java.util.ArrayList;
import java.util.List;

/**
 * How the arena is cut for summing and updating: into chunks, the units of work, and each chunk
 * into segments of parameters that move alike.
 *
 * <p>A function of the layout alone, so that what is summed by chunk has the same bits on any
 * number of ranks. Immutable.
 */
final class ArenaCut {
  /**
   * 64 KiB of parameters: what an update reads and writes of them stays in a core's cache. More
   * only of four gigabytes of them, which are as many chunks as {@link PhaseUnits} count.
   */
  static final long MOST_CHUNK_FLOATS = 16 * 1024;

  /** Small arenas are cut too, so that their update is shared. */
  private static final long CHUNKS = 64;

  private final long floats;
  private final long chunkFloats;
  private final List<List<Segment>> segments;

  /** What moves a parameter in a step. */
  enum Rule {
    /** The optimiser, its weight decay included. */
    DECAYED,
    /** The optimiser without its weight decay. */
    TRAINED,
    /** The running average of what stands in place of a gradient. */
    AVERAGED
  }

  /**
   * Floats [from, to) of the arena, all under one rule.
   *
   * @param byRow whether a step moves only what it has touched, see {@link TouchedRows}
   */
  record Segment(long from, long to, Rule rule, boolean byRow) {
    /** Whether what stands at its place in the gradient arena is a gradient. */
    boolean hasGradient() {
      return rule != Rule.AVERAGED;
    }
  }

  private ArenaCut(long floats, long chunkFloats, List<List<Segment>> segments) {
    this.floats = floats;
    this.chunkFloats = chunkFloats;
    this.segments = segments;
  }

  static ArenaCut of(ParameterLayout layout, Optimizer optimizer) {
    long floats = layout.floats();
    long chunk = Math.clamp(aligned(Math.ceilDiv(floats, CHUNKS)), 16, MOST_CHUNK_FLOATS);
    chunk = Math.max(chunk, aligned(Math.ceilDiv(floats, PhaseUnits.MOST)));
    boolean decays = !optimizer.withoutDecay().equals(optimizer);
    List<List<Segment>> segments = new ArrayList<>();
    for (long from = 0; from < floats; from += chunk) {
      segments.add(List.copyOf(within(layout, decays, from, Math.min(floats, from + chunk))));
    }
    return new ArenaCut(floats, chunk, List.copyOf(segments));
  }

  private static long aligned(long floats) {
    return Math.ceilDiv(floats, ParameterLayout.ALIGNMENT) * ParameterLayout.ALIGNMENT;
  }

  int chunks() {
    return segments.size();
  }

  /** First float of a chunk; of the number of chunks the end. */
  long start(int chunk) {
    return Math.min(floats, chunk * chunkFloats);
  }

  /** Its segments in order; what is moved by nothing is in none. */
  List<Segment> segments(int chunk) {
    return segments.get(chunk);
  }

  private static List<Segment> within(ParameterLayout layout, boolean decays, long from, long to) {
    List<Segment> within = new ArrayList<>();
    List<Entry> entries = layout.entries();
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      boolean byRow = entry.role() == ParameterRole.TRAINED_BY_ROW;
      long next = i + 1 < entries.size() ? entries.get(i + 1).offset() : layout.floats();
      long end = byRow ? entry.offset() + entry.floats() : next;
      long start = Math.max(from, entry.offset());
      long stop = Math.min(to, end);
      if (start < stop && entry.role() != ParameterRole.ADAPTED) {
        append(within, new Segment(start, stop, rule(entry, decays), byRow));
      }
    }
    return within;
  }

  private static void append(List<Segment> segments, Segment next) {
    Segment last = segments.isEmpty() ? null : segments.getLast();
    if (last != null
        && last.to == next.from
        && last.rule == next.rule
        && last.byRow == next.byRow) {
      segments.set(segments.size() - 1, new Segment(last.from, next.to, last.rule, last.byRow));
    } else {
      segments.add(next);
    }
  }

  private static Rule rule(Entry entry, boolean decays) {
    if (entry.role() == ParameterRole.AVERAGED) {
      return Rule.AVERAGED;
    }
    return decays && entry.shape().rank() >= 2 ? Rule.DECAYED : Rule.TRAINED;
  }
}
