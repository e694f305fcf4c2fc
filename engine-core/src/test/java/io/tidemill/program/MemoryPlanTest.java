package io.tidemill.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MemoryPlanTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void neverOverwritesAValueThatIsStillRead(long seed) {
    Program program = randomProgram(new SplittableRandom(seed));
    MemoryPlan plan = MemoryPlan.of(program);
    int[] owner = new int[Math.toIntExact(plan.peakBytes() / 4)];
    for (Value value : program.values()) {
      if (!(value instanceof Value.Computed)) {
        own(owner, plan, value);
      }
    }

    for (Instruction instruction : program.instructions()) {
      for (int input : instruction.inputs()) {
        assertOwned(owner, plan, program.value(input), instruction);
      }
      own(owner, plan, program.value(instruction.output()));
      for (int input : instruction.inputs()) {
        // In place or not at all: element by element, and never read again.
        if (plan.offset(input) != plan.offset(instruction.output())
            || !(instruction.op() instanceof Op.Elementwise)) {
          assertOwned(owner, plan, program.value(input), instruction);
        }
      }
    }

    program.outputs().values().forEach(id -> assertOwned(owner, plan, program.value(id), null));
    program.inputs().forEach(input -> assertOwned(owner, plan, input, null));
  }

  @Test
  void usesMemoryAgainInAChain() {
    ProgramBuilder builder = new ProgramBuilder();
    Value value = builder.input("x", DataType.FLOAT32, Shape.of(16, 16));
    for (int i = 0; i < 10; i++) {
      value = builder.apply(new Op.Sigmoid(), value);
    }
    Program program = builder.output("y", value).build();

    MemoryPlan plan = MemoryPlan.of(program);

    // x and y stay; all between lie in one more place, each on top of the one before.
    assertEquals(3 * 16 * 16 * 4, plan.peakBytes());
  }

  @Test
  void aReshapeIsAViewOfItsOperandForAsLongAsEitherIsRead() {
    ProgramBuilder builder = new ProgramBuilder();
    Value x = builder.input("x", DataType.FLOAT32, Shape.of(2, 6));
    Value y = builder.apply(new Op.Relu(), x);
    Value view = builder.apply(new Op.Reshape(List.of(3, 2)), y);
    Value other = builder.apply(new Op.Tanh(), y);
    Value z = builder.apply(new Op.Sigmoid(), view);
    builder.output("z", z).output("other", other);

    MemoryPlan plan = MemoryPlan.of(builder.build());

    assertEquals(plan.offset(y.id()), plan.offset(view.id()));
    assertNotEquals(plan.offset(view.id()), plan.offset(other.id()));
  }

  @Test
  void aVectorIsNotOverwrittenByTheRowsItIsAddedTo() {
    ProgramBuilder builder = new ProgramBuilder();
    Value x = builder.input("x", DataType.FLOAT32, Shape.of(2, 4));
    Value bias = builder.apply(new Op.SumRows(1), x);
    Value sum = builder.apply(new Op.AddBias(), x, bias);
    builder.output("y", builder.apply(new Op.Softmax(), sum));

    MemoryPlan plan = MemoryPlan.of(builder.build());

    assertNotEquals(plan.offset(bias.id()), plan.offset(sum.id()));
  }

  @Test
  void alignsEveryValueTo64Bytes() {
    Program program = randomProgram(new SplittableRandom(99));
    MemoryPlan plan = MemoryPlan.of(program);

    for (Value value : program.values()) {
      assertEquals(0, plan.offset(value.id()) % 64, value.name());
    }
  }

  @Test
  void leavesParametersAndTheirGradientsToTheCaller() {
    ProgramBuilder builder = new ProgramBuilder();
    Value w = builder.parameter("w", Shape.of(2, 1), ParameterRole.TRAINED);
    Value labels = builder.input("labels", DataType.FLOAT32, Shape.of(2));
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(2));
    builder.output("loss", builder.apply(new Op.BinaryCrossEntropy(), w, labels, weights));
    Program program = Differentiation.of(builder.build(), "loss");

    MemoryPlan plan = MemoryPlan.of(program);

    assertFalse(plan.holds(w.id()));
    assertFalse(plan.holds(program.gradients().get("w")));
    assertTrue(plan.holds(labels.id()));
  }

  @Test
  void refusesAnOpenProgram() {
    ProgramBuilder builder = new ProgramBuilder();
    builder.output("y", builder.input("x", DataType.FLOAT32, Shape.of(Shape.ANY, 2)));

    EngineException refusal =
        assertThrows(EngineException.class, () -> MemoryPlan.of(builder.build()));

    assertEquals(
        "memory can be planned for a bound program only: call Program.bind(rows) first",
        refusal.getMessage());
  }

  /** Matrices of one height and random widths, joined by operations that keep or change widths. */
  private static Program randomProgram(SplittableRandom random) {
    ProgramBuilder builder = new ProgramBuilder();
    List<Value> values = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Shape shape = Shape.of(3, 1 + random.nextInt(40));
      values.add(builder.input("x" + i, DataType.FLOAT32, shape));
    }
    for (int i = 0; i < 40; i++) {
      Value a = values.get(random.nextInt(values.size()));
      Value b = values.get(random.nextInt(values.size()));
      boolean same = a.shape().equals(b.shape());
      if (same) {
        values.add(builder.apply(new Op.Add(), a, b));
      } else if (random.nextBoolean()) {
        Value square = builder.apply(new Op.MatMul(true, false), a, b);
        values.add(builder.apply(new Op.MatMul(false, false), a, square));
      } else {
        values.add(builder.apply(new Op.Relu(), a));
      }
    }
    builder.output("first", values.get(5));
    return builder.output("last", values.getLast()).build();
  }

  private static void own(int[] owner, MemoryPlan plan, Value value) {
    for (int i = 0; i < value.shape().elements(); i++) {
      owner[(int) (plan.offset(value.id()) / 4) + i] = value.id() + 1;
    }
  }

  private static void assertOwned(
      int[] owner, MemoryPlan plan, Value value, Instruction instruction) {
    for (int i = 0; i < value.shape().elements(); i++) {
      int at = (int) (plan.offset(value.id()) / 4) + i;
      assertEquals(value.id() + 1, owner[at], value.name() + " lost before " + instruction);
    }
  }
}
