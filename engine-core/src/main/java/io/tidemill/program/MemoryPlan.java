package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each value of a bound program lies in one arena; memory is used again once a value is dead.
 *
 * <p>Each value gets its place once, at a multiple of {@link #ALIGNMENT} bytes. A {@link
 * Op.Reshape} lies where its operand lies, and so does the result of an operation that works
 * element by element when that was the operand's last use. Inputs, constants and outputs keep
 * theirs for the whole run and between runs. Parameters and the gradients of parameters are not
 * here: they live in buffers that the caller owns. Places are found greedily, the largest value
 * first, each at the lowest gap that is free for its whole life (Pisarchyk, Lee 2020, "greedy by
 * size"). Of a program that several workers share, two values have memory in common only where all
 * that touch the one are done before the other is written, however fast each worker is.
 */
public final class MemoryPlan {
  public static final int ALIGNMENT = 64;

  private static final long ELSEWHERE = -1;
  private static final long PAGE = 4096;

  /**
   * Large values begin at different places of a page: a load waits for a store that has the same
   * place in another page, and rows a page apart fight for the same few lines of a cache.
   */
  private static final long STAGGER = 5 * ALIGNMENT;

  /**
   * A place's bytes, the instruction that first writes there, and those that are the last in their
   * segment to read or write there; where it is kept all along there are none.
   */
  private record Life(int id, long bytes, int first, List<Integer> last) {
    boolean isPermanent() {
      return last.isEmpty();
    }

    boolean overlaps(Life other, Segments segments) {
      return isPermanent()
          || other.isPermanent()
          || !(isOver(other.first, segments) || other.isOver(first, segments));
    }

    private boolean isOver(int instruction, Segments segments) {
      for (int each : last) {
        if (!segments.isBefore(each, instruction)) {
          return false;
        }
      }
      return true;
    }
  }

  private final long[] offsets;
  private final long peakBytes;

  private MemoryPlan(long[] offsets, long peakBytes) {
    this.offsets = offsets;
    this.peakBytes = peakBytes;
  }

  /** A plan for a program that is cut nowhere. */
  public static MemoryPlan of(Program program) {
    return of(Segments.of(program));
  }

  /**
   * A plan in which segments that may run at the same time never share memory.
   *
   * @throws EngineException INVALID_ARGUMENT where the program is open
   */
  public static MemoryPlan of(Segments segments) {
    Program program = segments.program();
    if (program.isOpen()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "memory can be planned for a bound program only: call Program.bind(rows) first");
    }
    long[] offsets = new long[program.values().size()];
    int[] places = new int[program.values().size()];
    Arrays.fill(offsets, ELSEWHERE);
    List<Life> placed = new ArrayList<>();
    long peak = 0;
    for (Life life : bySize(lives(segments, places))) {
      offsets[life.id()] = lowestGap(life, placed, offsets, segments);
      peak = Math.max(peak, offsets[life.id()] + life.bytes());
      placed.add(life);
      placed.sort(Comparator.comparingLong(other -> offsets[other.id()]));
    }
    for (int id = 0; id < places.length; id++) {
      offsets[id] = offsets[places[id]];
    }
    return new MemoryPlan(offsets, peak);
  }

  /** Whether this value has a place in the arena. */
  public boolean holds(int valueId) {
    return offsets[valueId] != ELSEWHERE;
  }

  /** First byte of this value in the arena. */
  public long offset(int valueId) {
    return offsets[valueId];
  }

  /** Bytes of the whole arena. */
  public long peakBytes() {
    return peakBytes;
  }

  /** Bytes that a value takes in an arena, padding included; an empty one takes a line too. */
  static long paddedBytes(Value value) {
    long bytes = Math.max(1, value.shape().elements() * value.type().bytes());
    long stagger = bytes < PAGE ? 0 : STAGGER;
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + stagger;
  }

  private static long lowestGap(
      Life life, List<Life> placedByOffset, long[] offsets, Segments segments) {
    long offset = 0;
    for (Life other : placedByOffset) {
      if (life.overlaps(other, segments)) {
        if (offset + life.bytes() <= offsets[other.id()]) {
          break;
        }
        offset = Math.max(offset, offsets[other.id()] + other.bytes());
      }
    }
    return offset;
  }

  private static List<Life> bySize(List<Life> lives) {
    return lives.stream()
        .sorted(Comparator.comparingLong(Life::bytes).reversed().thenComparingInt(Life::id))
        .toList();
  }

  private static List<Life> lives(Segments segments, int[] places) {
    Program program = segments.program();
    List<List<Integer>> touching = touching(program);
    boolean[] permanent = permanent(program);
    sharePlaces(segments, places, touching, permanent);
    List<Life> lives = new ArrayList<>();
    for (Value value : program.values()) {
      int id = value.id();
      if (places[id] == id && !isElsewhere(program, id)) {
        List<Integer> all = touching.get(id);
        boolean isKept = permanent[id] || all.isEmpty();
        int first = isKept ? -1 : Collections.min(all);
        List<Integer> last = isKept ? List.of() : lastOfSegments(all, segments);
        lives.add(new Life(id, paddedBytes(value), first, last));
      }
    }
    return lives;
  }

  /** The instructions that read or write each value. */
  private static List<List<Integer>> touching(Program program) {
    List<List<Integer>> touching = new ArrayList<>();
    program.values().forEach(_ -> touching.add(new ArrayList<>()));
    for (int i = 0; i < program.instructions().size(); i++) {
      Instruction instruction = program.instructions().get(i);
      touching.get(instruction.output()).add(i);
      for (int input : instruction.inputs()) {
        touching.get(input).add(i);
      }
    }
    return touching;
  }

  /** Outputs are read after the run and inputs before it, so neither shares its memory. */
  private static boolean[] permanent(Program program) {
    boolean[] permanent = new boolean[program.values().size()];
    program.outputs().values().forEach(id -> permanent[id] = true);
    for (Value value : program.values()) {
      permanent[value.id()] |= value instanceof Value.Input || value instanceof Value.Constant;
    }
    return permanent;
  }

  private static List<Integer> lastOfSegments(List<Integer> instructions, Segments segments) {
    Map<Integer, Integer> last = new HashMap<>();
    instructions.forEach(each -> last.merge(segments.of(each), each, Math::max));
    return List.copyOf(last.values());
  }

  /**
   * Sets for each value the one whose place it takes, else itself; what touches it then touches
   * that. Outputs have places of their own, or that of what they are a view of.
   */
  private static void sharePlaces(
      Segments segments, int[] places, List<List<Integer>> touching, boolean[] permanent) {
    Program program = segments.program();
    for (int i = 0; i < places.length; i++) {
      places[i] = i;
    }
    for (int i = 0; i < program.instructions().size(); i++) {
      Instruction instruction = program.instructions().get(i);
      int output = instruction.output();
      if (isElsewhere(program, output)) {
        continue;
      }
      for (int input : instruction.inputs()) {
        int place = places[input];
        boolean view = instruction.op() instanceof Op.Reshape;
        boolean inPlace =
            isInPlace(instruction.op())
                && !permanent[place]
                && isLast(i, touching.get(place), segments)
                && program.value(input).shape().equals(program.value(output).shape())
                && !program.outputs().containsValue(output);
        if ((view || inPlace) && !isElsewhere(program, place)) {
          places[output] = place;
          touching.get(place).addAll(touching.get(output));
          permanent[place] |= permanent[output];
          break;
        }
      }
    }
  }

  /** Whether all others of these instructions are done before this one begins. */
  private static boolean isLast(int instruction, List<Integer> all, Segments segments) {
    for (int each : all) {
      if (each != instruction && !segments.isBefore(each, instruction)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the kernel may write element i of the result once it has read that of an operand. */
  private static boolean isInPlace(Op op) {
    return op instanceof Op.Elementwise
        || op instanceof Op.Fused
        || op instanceof Op.AddBias
        || op instanceof Op.AddBiasRelu
        || op instanceof Op.ScaleFeatures
        || op instanceof Op.Dropout;
  }

  /** Parameters and gradients live in buffers of the caller. */
  private static boolean isElsewhere(Program program, int id) {
    return program.value(id) instanceof Value.Parameter || program.gradients().containsValue(id);
  }
}
