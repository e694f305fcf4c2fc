package io.tidemill.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients against central differences, both in double, so that only a wrong rule can fail. */
final class DifferentiationTest {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-7;

  static List<OpCase> differentiable() {
    return cases().filter(each -> each.trainable() > 0).toList();
  }

  private static Stream<OpCase> cases() {
    return Stream.of(OpCase.all(3, 4), OpCase.sequences(2, 3, 4), OpCase.images(2, 5, 6, 4))
        .flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("differentiable")
  void gradientAgreesWithCentralDifferences(OpCase opCase) {
    SplittableRandom random = new SplittableRandom(7);
    Map<String, double[]> given = new LinkedHashMap<>();
    Program program = Differentiation.of(scalarProgram(opCase, given, random), "loss");

    double[][] values = Oracle.evaluate(program, given);

    int trainable =
        (int) IntStream.range(0, opCase.operands().size()).filter(opCase::isTrainable).count();
    assertEquals(trainable, program.gradients().size());
    program
        .gradients()
        .forEach(
            (parameter, id) -> {
              double[] expected = centralDifferences(program, given, given.get(parameter));
              for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i], values[id][i], TOLERANCE, parameter + "[" + i + "]");
              }
            });
  }

  /** Or is in the gradient of one that has. */
  @Test
  void everyOperationHasACase() {
    SplittableRandom random = new SplittableRandom(7);
    Stream<Op> ofGradients =
        differentiable().stream()
            .map(each -> scalarProgram(each, new LinkedHashMap<>(), random))
            .flatMap(program -> Differentiation.of(program, "loss").instructions().stream())
            .map(Instruction::op);
    Set<Class<?>> tested =
        Stream.concat(cases().map(OpCase::op), ofGradients)
            .map(Object::getClass)
            .collect(Collectors.toSet());

    assertEquals(operations(Op.class).collect(Collectors.toSet()), tested);
  }

  private static Stream<Class<?>> operations(Class<?> type) {
    return type.isSealed()
        ? Stream.of(type.getPermittedSubclasses()).flatMap(DifferentiationTest::operations)
        : Stream.of(type);
  }

  @Test
  void sumsContributionsOfAParameterThatIsUsedTwice() {
    ProgramBuilder builder = new ProgramBuilder();
    Value x = builder.parameter("x", Shape.of(2, 1), ParameterRole.TRAINED);
    Value square = builder.apply(new Op.Mul(), x, x);
    Value sum = builder.apply(new Op.Add(), square, x);
    Value labels = builder.input("labels", DataType.FLOAT32, Shape.of(2));
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(2));
    builder.output("loss", builder.apply(new Op.BinaryCrossEntropy(), sum, labels, weights));
    Program program = Differentiation.of(builder.build(), "loss");
    Map<String, double[]> given =
        Map.of(
            "x", new double[] {0.5, -2},
            "labels", new double[] {1, 0},
            "weights", new double[] {0.5, 0.25});

    double[] gradient = Oracle.evaluate(program, given)[program.gradients().get("x")];

    assertEquals((sigmoid(0.75) - 1) * 0.5 * 2, gradient[0], 1e-12);
    assertEquals(sigmoid(2) * 0.25 * -3, gradient[1], 1e-12);
  }

  @Test
  void batchNormIsDifferentiatedThroughItsStatistics() {
    ProgramBuilder builder = new ProgramBuilder();
    Value x = builder.parameter("x", Shape.of(3, 2, 4), ParameterRole.TRAINED);
    Value shares = builder.input("shares", DataType.FLOAT32, Shape.of(3));
    Value mean = builder.apply(new Op.BatchMean(), x, shares);
    Value variance = builder.apply(new Op.BatchVariance(), x, mean, shares);
    Value y = builder.apply(new Op.BatchNorm(1e-3f), x, mean, variance, shares);
    Value labels = builder.input("labels", DataType.INT32, Shape.of(3, 2));
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(3));
    builder.output("loss", builder.apply(new Op.SoftmaxCrossEntropy(), y, labels, weights));
    Program program = Differentiation.of(builder.build(), "loss");
    double[] numbers = new SplittableRandom(4).doubles(24).toArray();
    Map<String, double[]> given =
        Map.of(
            "x", numbers,
            "shares", new double[] {0.25, 0.5, 0},
            "labels", new double[] {0, 3, 1, 1, 2, 0},
            "weights", new double[] {0.5, 0.25, 0.125});

    double[] gradient = Oracle.evaluate(program, given)[program.gradients().get("x")];

    assertArrayEquals(centralDifferences(program, given, numbers), gradient, TOLERANCE);
  }

  @Test
  void givesEachParameterAGradientOfItsOwn() {
    ProgramBuilder builder = new ProgramBuilder();
    Value a = builder.parameter("a", Shape.of(2, 1), ParameterRole.TRAINED);
    Value b = builder.parameter("b", Shape.of(2, 1), ParameterRole.TRAINED);
    Value labels = builder.input("labels", DataType.FLOAT32, Shape.of(2));
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(2));
    Value sum = builder.apply(new Op.Add(), a, b);
    builder.output("loss", builder.apply(new Op.BinaryCrossEntropy(), sum, labels, weights));

    Program program = Differentiation.of(builder.build(), "loss");

    assertTrue(program.gradients().get("a") != program.gradients().get("b").intValue());
  }

  @Test
  void refusesToTrainThroughAnOperationWithoutGradient() {
    ProgramBuilder builder = new ProgramBuilder().layer("odd-1");
    Value x = builder.input("x", DataType.FLOAT32, Shape.of(2, 3));
    Value mean = builder.parameter("mean", Shape.of(3), ParameterRole.TRAINED);
    Value std = builder.parameter("std", Shape.of(3), ParameterRole.ADAPTED);
    Value y = builder.apply(new Op.Standardize(), x, mean, std);
    Value labels = builder.input("labels", DataType.INT32, Shape.of(2));
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(2));
    builder.output("loss", builder.apply(new Op.SoftmaxCrossEntropy(), y, labels, weights));

    EngineException refusal =
        assertThrows(EngineException.class, () -> Differentiation.of(builder.build(), "loss"));

    assertEquals(
        "odd-1: input 1 of standardize has no gradient, so it cannot be trained through",
        refusal.getMessage());
  }

  @Test
  void refusesAnOutputThatIsNoScalar() {
    ProgramBuilder builder = new ProgramBuilder();
    builder.output("y", builder.parameter("x", Shape.of(2, 1), ParameterRole.TRAINED));

    EngineException refusal =
        assertThrows(EngineException.class, () -> Differentiation.of(builder.build(), "y"));

    assertTrue(refusal.getMessage().startsWith("differentiation needs a scalar output y"));
  }

  /** The operation on parameters, and behind it what makes a scalar of its result. */
  private static Program scalarProgram(
      OpCase opCase, Map<String, double[]> given, SplittableRandom random) {
    ProgramBuilder builder = new ProgramBuilder();
    Value[] operands = new Value[opCase.operands().size()];
    for (int i = 0; i < operands.length; i++) {
      Shape shape = opCase.operands().get(i);
      operands[i] =
          opCase.isTrainable(i)
              ? builder.parameter("p" + i, shape, ParameterRole.TRAINED)
              : builder.input("x" + i, opCase.type(i), shape);
      given.put(operands[i].name(), opCase.numbers(i, random));
    }
    Value y = builder.apply(opCase.op(), operands);
    if (y.shape().rank() == 1) {
      Value like = builder.constant("like", Shape.of(3, y.shape().dim(0)), 0);
      y = builder.apply(new Op.BroadcastRows(), y, like);
    }
    if (y.shape().rank() > 2) {
      int width = Math.toIntExact(y.shape().elements() / y.shape().dim(0));
      y = builder.apply(new Op.Reshape(List.of(width)), y);
    }
    if (y.shape().rank() == 2) {
      int rows = y.shape().dim(0);
      int classes = y.shape().dim(1);
      Value labels = builder.input("labels", DataType.INT32, Shape.of(rows));
      Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(rows));
      given.put("labels", random.doubles(rows).map(u -> Math.floor(u * classes)).toArray());
      given.put("weights", random.doubles(rows).toArray());
      y = builder.apply(new Op.SoftmaxCrossEntropy(), y, labels, weights);
    }
    return builder.output("loss", y).build();
  }

  private static double[] centralDifferences(
      Program program, Map<String, double[]> given, double[] parameter) {
    return Arrays.stream(indices(parameter))
        .mapToDouble(
            i -> {
              double original = parameter[i];
              parameter[i] = original + STEP;
              double above = loss(program, given);
              parameter[i] = original - STEP;
              double below = loss(program, given);
              parameter[i] = original;
              return (above - below) / (2 * STEP);
            })
        .toArray();
  }

  private static int[] indices(double[] array) {
    return IntStream.range(0, array.length).toArray();
  }

  private static double loss(Program program, Map<String, double[]> given) {
    return Oracle.evaluate(program, given)[program.outputs().get("loss")][0];
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
