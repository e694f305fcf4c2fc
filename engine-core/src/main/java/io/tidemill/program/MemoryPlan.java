package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Where each value of a bound program lies in one arena; memory is used again once a value is dead.
 *
 * <p>Each value gets its place once, at a multiple of {@link #ALIGNMENT} bytes. A {@link
 * Op.Reshape} lies where its operand lies, and so does the result of an operation that works
 * element by element when that was the operand's last use. Inputs, constants and outputs keep
 * theirs for the whole run and between runs. Parameters and the gradients of parameters are not
 * here: they live in buffers that the caller owns. Places are found greedily, the largest value
 * first, each at the lowest gap that is free for its whole life (Pisarchyk, Lee 2020, "greedy by
 * size").
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

  /** A value's bytes, and the first and last instruction between which it must be kept. */
  private record Life(int id, long bytes, int first, int last) {
    boolean overlaps(Life other) {
      return first <= other.last && other.first <= last;
    }
  }

  private final long[] offsets;
  private final long peakBytes;

  private MemoryPlan(long[] offsets, long peakBytes) {
    this.offsets = offsets;
    this.peakBytes = peakBytes;
  }

  public static MemoryPlan of(Program program) {
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
    for (Life life : bySize(lives(program, places))) {
      offsets[life.id()] = lowestGap(life, placed, offsets);
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

  private static long lowestGap(Life life, List<Life> placedByOffset, long[] offsets) {
    long offset = 0;
    for (Life other : placedByOffset) {
      if (life.overlaps(other)) {
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

  private static List<Life> lives(Program program, int[] places) {
    int[] first = new int[program.values().size()];
    int[] last = new int[program.values().size()];
    findLives(program, first, last);
    sharePlaces(program, places, last);
    List<Life> lives = new ArrayList<>();
    for (Value value : program.values()) {
      int id = value.id();
      if (places[id] == id && !isElsewhere(program, id)) {
        lives.add(new Life(id, paddedBytes(value), first[id], last[id]));
      }
    }
    return lives;
  }

  /** The first and the last instruction between which each value must be kept. */
  private static void findLives(Program program, int[] first, int[] last) {
    int end = program.instructions().size();
    for (int i = 0; i < end; i++) {
      Instruction instruction = program.instructions().get(i);
      first[instruction.output()] = i;
      last[instruction.output()] = i;
      for (int input : instruction.inputs()) {
        last[input] = i;
      }
    }
    // Outputs are read after the run and inputs before it, so neither shares its memory.
    program.outputs().values().forEach(id -> keep(id, first, last, end));
    for (Value value : program.values()) {
      if (value instanceof Value.Input || value instanceof Value.Constant) {
        keep(value.id(), first, last, end);
      }
    }
  }

  private static void keep(int id, int[] first, int[] last, int end) {
    first[id] = -1;
    last[id] = end;
  }

  /**
   * Sets for each value the one whose place it takes, else itself, and how long that must last.
   * Outputs have places of their own, or that of what they are a view of.
   */
  private static void sharePlaces(Program program, int[] places, int[] last) {
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
                && last[place] == i
                && program.value(input).shape().equals(program.value(output).shape())
                && !program.outputs().containsValue(output);
        if ((view || inPlace) && !isElsewhere(program, place)) {
          places[output] = place;
          last[place] = Math.max(last[place], last[output]);
          break;
        }
      }
    }
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
