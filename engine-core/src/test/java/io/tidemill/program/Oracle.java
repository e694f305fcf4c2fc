package io.tidemill.program;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** Programs evaluated in double by the plainest loops: what every kernel is compared with. */
public final class Oracle {
  private final Program program;
  private final double[][] values;

  private Oracle(Program program) {
    this.program = program;
    this.values = new double[program.values().size()][];
  }

  /** All values of a bound program, by id, given its inputs and parameters by name. */
  public static double[][] evaluate(Program program, Map<String, double[]> given) {
    Oracle oracle = new Oracle(program);
    for (Value value : program.values()) {
      if (value instanceof Value.Constant constant) {
        oracle.values[value.id()] = new double[Math.toIntExact(value.shape().elements())];
        Arrays.fill(oracle.values[value.id()], constant.fill());
      } else if (!(value instanceof Value.Computed)) {
        oracle.values[value.id()] = given.get(value.name());
      }
    }
    program.instructions().forEach(oracle::run);
    return oracle.values;
  }

  private void run(Instruction instruction) {
    List<double[]> in = instruction.inputs().stream().map(id -> values[id]).toList();
    Shape shape = program.value(instruction.inputs().getFirst()).shape();
    int samples = shape.rank() > 0 ? shape.dim(0) : 1;
    int n = shape.rank() > 1 ? shape.dim(-1) : 1;
    int rows = Math.toIntExact(shape.elements() / n);
    int positions = rows / samples;
    double[] x = in.getFirst();
    double[][] numbers = in.toArray(double[][]::new);
    Shape first = program.value(instruction.inputs().getFirst()).shape();
    Shape second = program.value(instruction.inputs().get(in.size() > 1 ? 1 : 0)).shape();
    Shape out = program.value(instruction.output()).shape();
    values[instruction.output()] =
        switch (instruction.op()) {
          case Op.MatMul op ->
              matMul(
                  op,
                  in,
                  program.value(instruction.output()).shape(),
                  op.transposeLeft() ? rows : n);
          case Op.AddBias _ -> byColumn(x, in.get(1), (a, b) -> a + b);
          case Op.AddBiasRelu _ -> byColumn(x, in.get(1), (a, b) -> Math.max(a + b, 0));
          case Op.ScaleFeatures _ -> byColumn(x, in.get(1), (a, b) -> a * b);
          case Op.Standardize _ ->
              byColumn(byColumn(x, in.get(1), (a, b) -> a - b), in.get(2), (a, b) -> a * b);
          case Op.Relu _ -> map(x, a -> Math.max(a, 0));
          case Op.ReluGradient _ -> zip(x, in.get(1), (y, dy) -> y > 0 ? dy : 0);
          case Op.Sigmoid _ -> map(x, Oracle::sigmoid);
          case Op.SigmoidGradient _ -> zip(x, in.get(1), (y, dy) -> dy * y * (1 - y));
          case Op.SignedLog1p _ -> map(x, a -> Math.signum(a) * Math.log1p(Math.abs(a)));
          case Op.SignedLog1pGradient _ -> zip(x, in.get(1), (a, dy) -> dy / (1 + Math.abs(a)));
          case Op.Scale(float factor) -> map(x, a -> factor * a);
          case Op.Add _ -> zip(x, in.get(1), Double::sum);
          case Op.Mul _ -> zip(x, in.get(1), (a, b) -> a * b);
          case Op.Softmax _ -> byRow(rows, n, row -> softmax(slice(x, row, n)));
          case Op.SoftmaxGradient _ ->
              byRow(rows, n, row -> softmaxGradient(slice(x, row, n), slice(in.get(1), row, n)));
          case Op.LayerNorm(float eps) -> byRow(rows, n, row -> normalise(slice(x, row, n), eps));
          case Op.LayerNormGradient(float eps) ->
              byRow(
                  rows,
                  n,
                  row -> normaliseGradient(slice(x, row, n), slice(in.get(1), row, n), eps));
          case Op.SumRows _ -> {
            double[] sums = new double[Math.toIntExact(out.elements())];
            for (int i = 0; i < x.length; i++) {
              sums[i % sums.length] += x[i];
            }
            yield sums;
          }
          case Op.BroadcastRows _ ->
              byRow(Math.toIntExact(out.elements() / x.length), x.length, _ -> x);
          case Op.SoftmaxCrossEntropy _ -> {
            double loss = 0;
            for (int row = 0; row < rows; row++) {
              double[] p = softmax(slice(x, row, n));
              double weight = in.get(2)[row / positions] / positions;
              loss -= weight * Math.log(p[(int) in.get(1)[row]]);
            }
            yield new double[] {loss};
          }
          case Op.SoftmaxCrossEntropyGradient _ ->
              byRow(
                  rows,
                  n,
                  row -> {
                    double[] dx = softmax(slice(x, row, n));
                    dx[(int) in.get(1)[row]] -= 1;
                    return map(dx, a -> a * in.get(2)[row / positions] / positions * in.get(3)[0]);
                  });
          case Op.BinaryCrossEntropy _ -> {
            double loss = 0;
            for (int row = 0; row < rows; row++) {
              double p = sigmoid(x[row]);
              double label = in.get(1)[row];
              loss -= in.get(2)[row] * (label * Math.log(p) + (1 - label) * Math.log(1 - p));
            }
            yield new double[] {loss};
          }
          case Op.BinaryCrossEntropyGradient _ ->
              byRow(
                  rows,
                  1,
                  row ->
                      new double[] {
                        (sigmoid(x[row]) - in.get(1)[row]) * in.get(2)[row] * in.get(3)[0]
                      });
          case Op.ArgMax _ ->
              byRow(
                  rows,
                  1,
                  row -> {
                    double[] values = slice(x, row, n);
                    double max = Arrays.stream(values).max().orElseThrow();
                    int at = 0;
                    while (values[at] != max) {
                      at++;
                    }
                    return new double[] {at};
                  });
          case Op.Threshold(float at) -> map(x, a -> a >= at ? 1 : 0);
          case Op.Reshape _ -> x;
          case Op.Conv2d op -> ImageOracle.convolution(op, first, second, out, numbers);
          case Op.Conv2dInputGradient op ->
              ImageOracle.inputGradient(op, out, first, second, numbers);
          case Op.Conv2dWeightGradient op ->
              ImageOracle.weightGradient(op, first, out, second, numbers);
          case Op.MaxPool2d op -> ImageOracle.maxPool(op, first, out, x);
          case Op.MaxPool2dGradient op ->
              ImageOracle.maxPoolGradient(op, first, second, x, numbers[2]);
          case Op.AveragePool2d op -> ImageOracle.averagePool(op, first, out, x);
          case Op.AveragePool2dGradient op -> ImageOracle.averagePoolGradient(op, out, first, x);
          case Op.Tanh _ -> map(x, Math::tanh);
          case Op.TanhGradient _ -> zip(x, in.get(1), (y, dy) -> dy * (1 - y * y));
          case Op.Gelu _ -> map(x, a -> a * normal(a));
          case Op.GeluGradient _ -> zip(x, in.get(1), (a, dy) -> dy * (normal(a) + a * density(a)));
          case Op.Silu _ -> map(x, a -> a * sigmoid(a));
          case Op.SiluGradient _ ->
              zip(x, in.get(1), (a, dy) -> dy * sigmoid(a) * (1 + a * (1 - sigmoid(a))));
          case Op.Fused op -> fused(op, in);
          case Op.RmsNorm(float eps) ->
              byRow(rows, n, row -> NormOracle.rms(slice(x, row, n), eps));
          case Op.RmsNormGradient(float eps) ->
              byRow(
                  rows,
                  n,
                  row -> NormOracle.rmsGradient(slice(x, row, n), slice(in.get(1), row, n), eps));
          case Op.BatchMean _ -> NormOracle.batchMean(x, in.get(1), n);
          case Op.BatchVariance _ -> NormOracle.batchVariance(x, in.get(1), in.get(2));
          case Op.BatchNorm(float eps) -> NormOracle.normalize(x, in.get(1), in.get(2), eps);
          case Op.NormalizeFeatures(float eps) ->
              NormOracle.normalize(x, in.get(1), in.get(2), eps);
          case Op.BatchNormGradient(float eps) -> NormOracle.batchGradient(numbers, eps);
          case Op.WeightStatistic _ -> {
            double total = Arrays.stream(in.get(1)).sum();
            yield map(x, a -> a * total);
          }
          case Op.MeanSquaredError _ ->
              new double[] {NormOracle.regression(numbers, Double.POSITIVE_INFINITY)};
          case Op.MeanSquaredErrorGradient _ ->
              NormOracle.regressionGradient(numbers, Double.POSITIVE_INFINITY);
          case Op.Huber(float delta) -> new double[] {NormOracle.regression(numbers, delta)};
          case Op.HuberGradient(float delta) -> NormOracle.regressionGradient(numbers, delta);
          case Op.Dropout op -> SequenceOracle.dropout(op, x, in.get(1));
          case Op.Embedding _ -> SequenceOracle.embedding(x, in.get(1), second.dim(1));
          case Op.EmbeddingGradient(int count) ->
              SequenceOracle.embeddingGradient(count, x, in.get(1), out.dim(1));
          case Op.EmbeddingRowsGradient(int count) ->
              SequenceOracle.embeddingRowsGradient(count, in, out.dim(1));
          case Op.CausalAttention(int heads) -> SequenceOracle.attention(heads, first, x);
          case Op.CausalAttentionGradient(int heads) ->
              SequenceOracle.attentionGradient(heads, first, x, in.get(1));
          case Op.Transpose(List<Integer> axes) -> SequenceOracle.transpose(first, axes, x);
          case Op.Concat(int axis) ->
              SequenceOracle.concat(
                  axis,
                  instruction.inputs().stream().map(id -> program.value(id).shape()).toList(),
                  out,
                  numbers);
          case Op.Slice op -> SequenceOracle.slice(op, first, out, x);
          case Op.Pad op -> SequenceOracle.pad(op, first, out, x);
          case Op.Reduce op -> SequenceOracle.reduce(op, first, x);
          case Op.ReduceMaxGradient(int axis) ->
              SequenceOracle.reduceMaxGradient(axis, first, x, in.get(2));
          case Op.Repeat op -> SequenceOracle.repeat(op, out, x);
        };
  }

  /** Each step as an instruction of its own. */
  private static double[] fused(Op.Fused op, List<double[]> in) {
    List<double[]> values = new ArrayList<>(in);
    for (Op.Fused.Step step : op.steps()) {
      ProgramBuilder builder = new ProgramBuilder();
      Map<String, double[]> given = new HashMap<>();
      Value[] operands = new Value[step.operands().size()];
      for (int i = 0; i < operands.length; i++) {
        double[] numbers = values.get(step.operands().get(i));
        operands[i] = builder.input("x" + i, DataType.FLOAT32, Shape.of(1, numbers.length));
        given.put("x" + i, numbers);
      }
      Program program = builder.output("y", builder.apply(step.op(), operands)).build();
      values.add(evaluate(program, given)[program.outputs().get("y")]);
    }
    return values.getLast();
  }

  /** The normal distribution function, by its density integrated from 0 by Simpson's rule. */
  private static double normal(double x) {
    int steps = 2000;
    double sum = density(0) + density(x);
    for (int i = 1; i < steps; i++) {
      sum += (i % 2 == 0 ? 2 : 4) * density(x * i / steps);
    }
    return 0.5 + sum * x / steps / 3;
  }

  private static double density(double x) {
    return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  private static double[] matMul(Op.MatMul op, List<double[]> in, Shape out, int k) {
    int m = out.dim(0);
    int n = out.dim(1);
    double[] product = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        for (int inner = 0; inner < k; inner++) {
          product[i * n + j] +=
              in.get(0)[op.transposeLeft() ? inner * m + i : i * k + inner]
                  * in.get(1)[op.transposeRight() ? j * k + inner : inner * n + j];
        }
      }
    }
    return product;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[] softmax(double[] row) {
    double max = Arrays.stream(row).max().orElseThrow();
    double[] exponentials = map(row, a -> Math.exp(a - max));
    double sum = Arrays.stream(exponentials).sum();
    return map(exponentials, a -> a / sum);
  }

  private static double[] softmaxGradient(double[] y, double[] dy) {
    double dot = Arrays.stream(zip(y, dy, (a, b) -> a * b)).sum();
    return zip(y, dy, (a, b) -> a * (b - dot));
  }

  private static double[] normalise(double[] row, double epsilon) {
    double mean = Arrays.stream(row).average().orElseThrow();
    return map(row, a -> (a - mean) / deviation(row, epsilon));
  }

  private static double deviation(double[] row, double epsilon) {
    double mean = Arrays.stream(row).average().orElseThrow();
    double variance = Arrays.stream(row).map(a -> (a - mean) * (a - mean)).average().orElseThrow();
    return Math.sqrt(variance + epsilon);
  }

  private static double[] normaliseGradient(double[] x, double[] dy, double epsilon) {
    double[] standardised = normalise(x, epsilon);
    double mean = Arrays.stream(dy).average().orElseThrow();
    double dot = Arrays.stream(zip(standardised, dy, (a, b) -> a * b)).average().orElseThrow();
    return zip(standardised, dy, (a, b) -> (b - mean - a * dot) / deviation(x, epsilon));
  }

  private interface Row {
    double[] of(int row);
  }

  private static double[] byRow(int rows, int n, Row function) {
    double[] out = new double[rows * n];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(function.of(row), 0, out, row * n, n);
    }
    return out;
  }

  private static double[] slice(double[] x, int row, int n) {
    return Arrays.copyOfRange(x, row * n, (row + 1) * n);
  }

  private static double[] byColumn(double[] x, double[] vector, DoubleBinaryOperator function) {
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = function.applyAsDouble(x[i], vector[i % vector.length]);
    }
    return out;
  }

  private static double[] map(double[] x, DoubleUnaryOperator function) {
    return Arrays.stream(x).map(function).toArray();
  }

  private static double[] zip(double[] a, double[] b, DoubleBinaryOperator function) {
    double[] out = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      out[i] = function.applyAsDouble(a[i], b[i]);
    }
    return out;
  }
}
