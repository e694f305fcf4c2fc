package io.tidemill.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProgramTest {

  @Test
  void bindsEveryOpenDimension() {
    Program bound = open().bind(5);

    assertFalse(bound.isOpen());
    assertEquals(Shape.of(5, 3), bound.outputSpecs().getFirst().shape());
  }

  @Test
  void countsFlopsAndBytesOfAMatrixProduct() {
    Program bound = open().bind(5);

    Cost cost = Cost.of(bound, bound.instructions().getFirst());

    assertEquals(new Cost(2 * 5 * 3 * 4, 4 * (5 * 4 + 4 * 3 + 5 * 3)), cost);
  }

  @Test
  void parametersBeginAtMultiplesOf16Floats() {
    ParameterLayout layout = open().layout();

    assertEquals(
        List.of(
            new ParameterLayout.Entry("w", Shape.of(4, 3), 0, ParameterRole.TRAINED),
            new ParameterLayout.Entry("b", Shape.of(3), 16, ParameterRole.TRAINED)),
        layout.entries());
    assertEquals(32, layout.floats());
    assertEquals(15, layout.trainableFloats());
  }

  @Test
  void layoutNamesTheParametersThatItHas() {
    EngineException refusal =
        assertThrows(EngineException.class, () -> open().layout().entry("wte"));

    assertEquals("no parameter wte in the layout: it has [w, b]", refusal.getMessage());
  }

  @Test
  void aMismatchNamesTheLayer() {
    ProgramBuilder builder = new ProgramBuilder().layer("dense-2");
    Value x = builder.input("x", DataType.FLOAT32, Shape.of(Shape.ANY, 256));
    Value w = builder.parameter("w", Shape.of(512, 10), ParameterRole.TRAINED);

    EngineException refusal =
        assertThrows(EngineException.class, () -> builder.apply(new Op.MatMul(false, false), x, w));

    assertEquals(
        "dense-2: matMul expects matrices [m, k] and [k, n], gets [*, 256] and [512, 10]",
        refusal.getMessage());
  }

  /** What a layer cannot ask for may stand in a program.json. */
  @Test
  void aConvolutionWhoseChannelsDoNotDivideByItsGroupsNamesTheLayer() {
    Shape images = Shape.of(2, 5, 5, 4);
    Shape weight = Shape.of(3, 3, 2, 7);
    Shape given = Shape.of(2, 3, 3, 7);

    assertEquals(
        "conv-1: conv2d expects images [rows, height, width, in] and a weight [kernelHeight,"
            + " kernelWidth, in/groups, out] (groups=2), gets [2, 5, 5, 4] and [3, 3, 2, 7]",
        refusal(new Op.Conv2d(1, 0, 2), images, weight));
    assertEquals(
        "conv-1: conv2dInputGradient expects a weight and the gradient of images [rows, height,"
            + " width, out] that it gave (groups=2), gets [3, 3, 2, 7] and [2, 3, 3, 7]",
        refusal(new Op.Conv2dInputGradient(1, 0, 2, 5, 5), weight, given));
    assertEquals(
        "conv-1: conv2dWeightGradient expects images [rows, height, width, in] and the gradient of"
            + " the images that they gave (groups=2), gets [2, 5, 5, 4] and [2, 3, 3, 7]",
        refusal(new Op.Conv2dWeightGradient(1, 0, 2, 3, 3), images, given));
    assertEquals(
        "conv-1: conv2dWeightGradient expects images [rows, height, width, in] and the gradient of"
            + " the images that they gave (groups=0), gets [2, 5, 5, 4] and [2, 3, 3, 7]",
        refusal(new Op.Conv2dWeightGradient(1, 0, 0, 3, 3), images, given));
  }

  private static String refusal(Op op, Shape first, Shape second) {
    ProgramBuilder builder = new ProgramBuilder().layer("conv-1");
    Value a = builder.input("a", DataType.FLOAT32, first);
    Value b = builder.input("b", DataType.FLOAT32, second);
    return assertThrows(EngineException.class, () -> builder.apply(op, a, b)).getMessage();
  }

  @Test
  void aTypeMismatchNamesTheType() {
    ProgramBuilder builder = new ProgramBuilder().layer("relu-1");
    Value x = builder.input("x", DataType.INT32, Shape.of(2));

    EngineException refusal =
        assertThrows(EngineException.class, () -> builder.apply(new Op.Relu(), x));

    assertEquals("relu-1: relu expects one tensor, gets [2] INT32", refusal.getMessage());
  }

  @Test
  void refusesTwoValuesOfOneName() {
    ProgramBuilder builder = new ProgramBuilder();
    builder.input("x", DataType.INT32, Shape.of(2));

    assertThrows(
        EngineException.class, () -> builder.parameter("x", Shape.of(2), ParameterRole.TRAINED));
  }

  @Test
  void fusesABiasWithTheReluBehindIt() {
    Program program = open();

    Program fused = Fusion.apply(program);

    assertEquals(
        List.of(new Op.MatMul(false, false), new Op.AddBiasRelu()),
        fused.instructions().stream().map(Instruction::op).toList());
    assertEquals(program.outputSpecs(), fused.outputSpecs());
    assertEquals(program.layout(), fused.layout());
    Map<String, double[]> given =
        Map.of(
            "x", new double[] {1, -2, 3, -4},
            "w", new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3},
            "b", new double[] {-30, 0.5, 0});
    assertEquals(result(program, given), result(fused, given));
  }

  @Test
  void doesNotFuseWhereTheSumIsAnOutput() {
    ProgramBuilder builder = new ProgramBuilder();
    Value x = builder.input("x", DataType.FLOAT32, Shape.of(2, 3));
    Value b = builder.parameter("b", Shape.of(3), ParameterRole.TRAINED);
    Value sum = builder.apply(new Op.AddBias(), x, b);
    builder.output("sum", sum).output("y", builder.apply(new Op.Relu(), sum));
    Program program = builder.build();

    assertTrue(program.equals(Fusion.apply(program)));
  }

  private static List<Double> result(Program program, Map<String, double[]> given) {
    double[] y = Oracle.evaluate(program.bind(1), given)[program.outputs().get("y")];
    return Arrays.stream(y).boxed().toList();
  }

  private static Program open() {
    ProgramBuilder builder = new ProgramBuilder();
    Value x = builder.input("x", DataType.FLOAT32, Shape.of(Shape.ANY, 4));
    Value w = builder.parameter("w", Shape.of(4, 3), ParameterRole.TRAINED);
    Value b = builder.parameter("b", Shape.of(3), ParameterRole.TRAINED);
    Value product = builder.apply(new Op.MatMul(false, false), x, w);
    Value sum = builder.apply(new Op.AddBias(), product, b);
    return builder.output("y", builder.apply(new Op.Relu(), sum)).build();
  }
}
