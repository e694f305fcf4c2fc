package io.tidemill.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.network.CausalSelfAttention;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Gelu;
import io.tidemill.network.Input;
import io.tidemill.network.LayerNorm;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Parallel;
import io.tidemill.network.Parallelism;
import io.tidemill.network.Relu;
import io.tidemill.network.Residual;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentsTest {
  private static final Network MLP =
      Network.sequential(Dense.of(6, 8), Relu.of(), Dense.of(8, 8), Relu.of(), Dense.of(8, 3));

  private static final Network DECODER =
      Network.sequential(
          Input.ofIds(4),
          Embedding.of(8, 16),
          Residual.of(LayerNorm.of(16), CausalSelfAttention.of(16, 4)),
          Residual.of(LayerNorm.of(16), Dense.of(16, 32), Gelu.of(), Dense.of(32, 16)),
          LayerNorm.of(16),
          Dense.of(16, 8));

  @Test
  void aProgramAtOnePlaceIsOneSegment() {
    Program program = program(MLP, Parallelism.NONE);

    Segments segments = Segments.of(program);

    assertEquals(1, segments.list().size());
    assertEquals(program.instructions(), segments.program().instructions());
  }

  @Test
  void twoStagesGoForwardAndBackAndLeaveGradientsThatNobodyWaitsForToTheEnd() {
    List<Segment> segments = Segments.of(program(MLP, Parallel.pipeline(2))).list();

    assertEquals(
        List.of(
            "place 0 level 0",
            "place 1 level 1",
            "place 1 level 1 at leisure",
            "place 0 level 2 at leisure"),
        segments.stream().map(SegmentsTest::words).toList());
    assertEquals(List.of(), segments.get(0).after());
    assertEquals(List.of(0), segments.get(1).after());
    assertEquals(List.of(0, 1), segments.get(2).after());
    assertEquals(List.of(0, 1), segments.get(3).after());
    assertEquals(Set.of("output"), segments.get(1).gives());
    assertTrue(segments.get(2).gives().containsAll(Set.of("loss", "dense-3.weight")));
  }

  @Test
  void partsOfAProductBeginAtTheSameTime() {
    List<Segment> segments = Segments.of(program(MLP, Parallel.tensor(2))).list();

    List<Segment> first = segments.stream().filter(segment -> segment.after().isEmpty()).toList();

    assertEquals(List.of(0, 1), first.stream().map(Segment::place).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data(1)",
        "pipeline(2)",
        "pipeline(4)",
        "tensor(2)",
        "tensor(4)",
        "pipeline(2).tensor(2)"
      })
  void noSegmentOverwritesWhatAnotherStillReadsWhateverTheyDoAtTheSameTime(String parallelism) {
    for (Network network : List.of(MLP, DECODER)) {
      Program program = program(network, Parallelism.parse(parallelism));
      Segments segments = Segments.of(Fusion.apply(Simplification.apply(program)));
      MemoryPlan plan = MemoryPlan.of(segments);
      for (long seed = 0; seed < 20; seed++) {
        new Interleaving(segments, plan, new Random(seed)).run();
      }
    }
  }

  /** Runs segments side by side, in a drawn order, and keeps account of what lies in memory. */
  private static final class Interleaving {
    private static final int GRAIN = 4;
    private static final int NOTHING = -1;

    private final Segments segments;
    private final Program program;
    private final MemoryPlan plan;
    private final Random random;

    /** For each few bytes the value that was written there last. */
    private final int[] owners;

    /** Views of a value are that value. */
    private final int[] original;

    private final Set<Integer> done = new HashSet<>();

    /** Of each segment that is under way the instruction that is running. */
    private final Map<Integer, Integer> running = new TreeMap<>();

    Interleaving(Segments segments, MemoryPlan plan, Random random) {
      this.segments = segments;
      this.program = segments.program();
      this.plan = plan;
      this.random = random;
      this.owners = new int[Math.toIntExact(plan.peakBytes() / GRAIN)];
      this.original = IntStream.range(0, program.values().size()).toArray();
      Arrays.fill(owners, NOTHING);
      for (Value value : program.values()) {
        if (!(value instanceof Value.Computed)) {
          own(value.id());
        }
      }
      for (Instruction instruction : program.instructions()) {
        if (instruction.op() instanceof Op.Reshape) {
          original[instruction.output()] = original[instruction.inputs().getFirst()];
        }
      }
    }

    void run() {
      List<Segment> all = segments.list();
      while (done.size() < all.size()) {
        List<Integer> choices = new ArrayList<>(running.keySet());
        for (int i = 0; i < all.size(); i++) {
          if (!done.contains(i)
              && !running.containsKey(i)
              && done.containsAll(all.get(i).after())) {
            choices.add(i);
          }
        }
        int segment = choices.get(random.nextInt(choices.size()));
        Integer instruction = running.get(segment);
        if (instruction == null) {
          begin(segment, all.get(segment).from());
        } else {
          end(instruction);
          if (instruction + 1 < all.get(segment).to()) {
            begin(segment, instruction + 1);
          } else {
            running.remove(segment);
            done.add(segment);
          }
        }
      }
      program.outputs().values().forEach(this::check);
    }

    private void begin(int segment, int index) {
      Instruction instruction = program.instructions().get(index);
      instruction.inputs().forEach(this::check);
      own(instruction.output());
      running.put(segment, index);
    }

    private void end(int index) {
      Instruction instruction = program.instructions().get(index);
      check(instruction.output());
      instruction.inputs().stream()
          .filter(input -> !plan.holds(input) || !overlaps(input, instruction.output()))
          .forEach(this::check);
    }

    private boolean overlaps(int value, int other) {
      return plan.holds(other)
          && plan.offset(value) < plan.offset(other) + bytes(other)
          && plan.offset(other) < plan.offset(value) + bytes(value);
    }

    private void own(int value) {
      if (plan.holds(value)) {
        Arrays.fill(owners, from(value), to(value), value);
      }
    }

    private void check(int value) {
      for (int i = from(value); plan.holds(value) && i < to(value); i++) {
        boolean isThere = owners[i] != NOTHING && original[owners[i]] == original[value];
        assertTrue(isThere, program.value(value) + " is overwritten by " + owner(i));
      }
    }

    private String owner(int at) {
      return owners[at] == NOTHING ? "nothing" : program.value(owners[at]).toString();
    }

    private int from(int value) {
      return Math.toIntExact(plan.offset(value) / GRAIN);
    }

    private int to(int value) {
      return Math.toIntExact((plan.offset(value) + bytes(value)) / GRAIN);
    }

    private long bytes(int value) {
      return program.value(value).shape().elements() * program.value(value).type().bytes();
    }
  }

  private static String words(Segment segment) {
    return "place %d level %d%s"
        .formatted(segment.place(), segment.level(), segment.isUrgent() ? "" : " at leisure");
  }

  private static Program program(Network network, Parallelism parallelism) {
    return network.parallel(parallelism).training(Loss.softmaxCrossEntropy(), 4);
  }
}
