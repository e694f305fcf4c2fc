package io.tidemill.program;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A program cut into stretches, each computed at one place: several workers share it, and one whose
 * stretch is done goes on with another run of the program.
 *
 * <p>Instructions of a place are of the same stretch when values have changed places as often
 * before them, and when something else waits for them, or nothing does. So the gradients of a
 * stage's weights, which nobody waits for, are apart from those of its inputs, as in zero-bubble
 * pipelines (Qi, Wan, Huang, Lin 2023). A program at one place is one stretch. Immutable.
 */
public final class Segments {
  private final Program program;
  private final List<Segment> list;

  /** Of each segment those that are done before it begins, however the places hurry. */
  private final List<BitSet> before = new ArrayList<>();

  private final int[] segmentOf;

  private record Key(int level, boolean isUrgent, int place) implements Comparable<Key> {
    private static final Comparator<Key> ORDER =
        Comparator.comparingInt(Key::level)
            .thenComparing(Key::isUrgent, Comparator.reverseOrder())
            .thenComparingInt(Key::place);

    @Override
    public int compareTo(Key other) {
      return ORDER.compare(this, other);
    }
  }

  private Segments(Program program, List<Segment> list) {
    this.program = program;
    this.list = List.copyOf(list);
    this.segmentOf = new int[program.instructions().size()];
    for (int i = 0; i < list.size(); i++) {
      Segment segment = list.get(i);
      Arrays.fill(segmentOf, segment.from(), segment.to(), i);
      BitSet earlier = new BitSet();
      for (int other : segment.after()) {
        earlier.set(other);
        earlier.or(before.get(other));
      }
      before.add(earlier);
    }
  }

  /** Cuts a program; its instructions are put in the order of the segments. */
  public static Segments of(Program program) {
    return isAtOnePlace(program) ? whole(program) : cut(program);
  }

  private static boolean isAtOnePlace(Program program) {
    for (Instruction instruction : program.instructions()) {
      if (instruction.place() != program.instructions().getFirst().place()) {
        return false;
      }
    }
    return true;
  }

  private static Segments whole(Program program) {
    List<Instruction> all = program.instructions();
    int place = all.isEmpty() ? 0 : all.getFirst().place();
    Set<String> given = new HashSet<>(program.outputs().keySet());
    given.addAll(program.gradients().keySet());
    return new Segments(
        program, List.of(new Segment(place, 0, false, 0, all.size(), List.of(), given)));
  }

  private static Segments cut(Program program) {
    List<Key> keys = keys(program);
    List<Key> order = keys.stream().distinct().sorted().toList();
    int[] byKey =
        IntStream.range(0, keys.size())
            .boxed()
            .sorted(Comparator.comparing(keys::get))
            .mapToInt(Integer::intValue)
            .toArray();
    List<Instruction> instructions =
        Arrays.stream(byKey).mapToObj(program.instructions()::get).toList();
    Map<Integer, Integer> writer = new HashMap<>();
    List<Segment> segments = new ArrayList<>();
    int from = 0;
    for (Key key : order) {
      int to = from;
      TreeSet<Integer> after = new TreeSet<>();
      while (to < byKey.length && keys.get(byKey[to]).equals(key)) {
        Instruction instruction = instructions.get(to);
        instruction.inputs().stream()
            .filter(writer::containsKey)
            .map(writer::get)
            .forEach(after::add);
        writer.put(instruction.output(), segments.size());
        to++;
      }
      after.remove(segments.size());
      segments.add(
          new Segment(
              key.place(),
              key.level(),
              key.isUrgent(),
              from,
              to,
              List.copyOf(after),
              given(program, instructions.subList(from, to))));
      from = to;
    }
    Program ordered =
        new Program(program.values(), instructions, program.outputs(), program.gradients());
    return new Segments(ordered, segments);
  }

  /** The program, its instructions in the order of the segments. */
  public Program program() {
    return program;
  }

  /** In an order in which one worker may do them all. */
  public List<Segment> list() {
    return list;
  }

  /** The segment of an instruction. */
  int of(int instruction) {
    return segmentOf[instruction];
  }

  /** Whether an instruction is done before another begins, wherever the two are computed. */
  boolean isBefore(int earlier, int later) {
    int segment = segmentOf[later];
    return segmentOf[earlier] == segment
        ? earlier < later
        : before.get(segment).get(segmentOf[earlier]);
  }

  private static Set<String> given(Program program, List<Instruction> instructions) {
    Set<Integer> computed =
        instructions.stream().map(Instruction::output).collect(Collectors.toSet());
    return Stream.of(program.outputs(), program.gradients())
        .flatMap(names -> names.entrySet().stream())
        .filter(name -> computed.contains(name.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static List<Key> keys(Program program) {
    List<Instruction> instructions = program.instructions();
    Map<Integer, Integer> writer = new HashMap<>();
    int[] levels = new int[instructions.size()];
    for (int i = 0; i < levels.length; i++) {
      Instruction instruction = instructions.get(i);
      for (int input : instruction.inputs()) {
        Integer from = writer.get(input);
        if (from != null) {
          boolean moves = instructions.get(from).place() != instruction.place();
          levels[i] = Math.max(levels[i], levels[from] + (moves ? 1 : 0));
        }
      }
      writer.put(instruction.output(), i);
    }
    boolean[] urgent = new boolean[levels.length];
    for (int i = levels.length - 1; i >= 0; i--) {
      for (int input : instructions.get(i).inputs()) {
        Integer from = writer.get(input);
        if (from != null) {
          boolean isOther =
              instructions.get(from).place() != instructions.get(i).place()
                  || levels[from] != levels[i];
          urgent[from] |= isOther || urgent[i];
        }
      }
    }
    return IntStream.range(0, levels.length)
        .mapToObj(i -> new Key(levels[i], urgent[i], instructions.get(i).place()))
        .toList();
  }
}
