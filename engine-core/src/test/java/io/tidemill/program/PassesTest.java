package io.tidemill.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Common subexpressions, dead code, and fusion of elementwise chains. */
final class PassesTest {
  private static final Shape SHAPE = Shape.of(2, 3);
  private static final Map<String, double[]> GIVEN =
      Map.of("a", new double[] {-2, -1, 0, 1, 2, 3}, "b", new double[] {1, 2, 3, 4, 5, 6});

  private final ProgramBuilder builder = new ProgramBuilder();
  private final Value a = builder.input("a", DataType.FLOAT32, SHAPE);
  private final Value b = builder.input("b", DataType.FLOAT32, SHAPE);

  @Test
  void whatIsComputedTwiceIsComputedOnce() {
    Value first = builder.apply(new Op.Tanh(), builder.apply(new Op.Relu(), a));
    Value second = builder.apply(new Op.Tanh(), builder.apply(new Op.Relu(), a));
    builder.output("y", builder.apply(new Op.Mul(), first, second)).output("z", second);

    Program simplified = Simplification.apply(builder.build());

    assertEquals(List.of("relu", "tanh", "mul"), ops(simplified));
    assertSameValues(builder.build(), simplified);
  }

  @Test
  void whatNothingReadsIsNotComputed() {
    builder.apply(new Op.Tanh(), builder.apply(new Op.Relu(), a));
    builder.output("y", builder.apply(new Op.Add(), a, b));

    Program simplified = Simplification.apply(builder.build());

    assertEquals(List.of("add"), ops(simplified));
    assertEquals(2, simplified.inputs().size());
  }

  @Test
  void twoParametersWithOneGradientKeepAValueEach() {
    Value w = builder.parameter("w", SHAPE, ParameterRole.TRAINED);
    Value v = builder.parameter("v", SHAPE, ParameterRole.TRAINED);
    Value labels = builder.input("labels", DataType.FLOAT32, SHAPE);
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(2));
    Value sum = builder.apply(new Op.Add(), w, v);
    builder.output("loss", builder.apply(new Op.MeanSquaredError(), sum, labels, weights));
    Program program = Differentiation.of(builder.build(), "loss");

    Program simplified = Simplification.apply(program);

    assertEquals(2, simplified.gradients().values().stream().distinct().count());
  }

  @Test
  void aChainOfElementwiseOperationsBecomesOnePass() {
    Value sum = builder.apply(new Op.Add(), a, b);
    Value scaled = builder.apply(new Op.Scale(0.5f), sum);
    Value gate = builder.apply(new Op.Sigmoid(), b);
    builder.output("y", builder.apply(new Op.Mul(), scaled, gate));

    Program fused = Fusion.apply(builder.build());

    assertEquals(List.of("fused"), ops(fused));
    assertEquals(2, fused.instructions().getFirst().inputs().size());
    assertEquals(
        "[add, scale, sigmoid, mul]",
        ((Op.Fused) fused.instructions().getFirst().op())
            .steps().stream().map(step -> step.op().name()).toList().toString());
    assertSameValues(builder.build(), fused);
    assertEquals(fused, ProgramJson.read(ProgramJson.write(fused)));
  }

  @Test
  void aValueThatIsReadTwiceIsNotFusedAway() {
    Value sum = builder.apply(new Op.Add(), a, b);
    Value y = builder.apply(new Op.Mul(), builder.apply(new Op.Tanh(), sum), sum);
    builder.output("y", y);

    Program fused = Fusion.apply(builder.build());

    assertEquals(List.of("add", "fused"), ops(fused));
    assertSameValues(builder.build(), fused);
  }

  @Test
  void anOutputIsNotFusedAway() {
    Value sum = builder.apply(new Op.Add(), a, b);
    builder.output("sum", sum).output("y", builder.apply(new Op.Tanh(), sum));
    Program program = builder.build();

    assertSame(program, Fusion.apply(program));
  }

  private static List<String> ops(Program program) {
    return program.instructions().stream().map(each -> each.op().name()).toList();
  }

  private static void assertSameValues(Program expected, Program actual) {
    double[][] before = Oracle.evaluate(expected, GIVEN);
    double[][] after = Oracle.evaluate(actual, GIVEN);
    expected
        .outputs()
        .forEach(
            (name, id) -> assertArrayEquals(before[id], after[actual.outputs().get(name)], name));
  }
}
