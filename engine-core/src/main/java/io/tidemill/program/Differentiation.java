package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Reverse-mode differentiation as a transform: a program with a scalar output becomes one that also
 * gives the gradient of that output for each trained parameter.
 *
 * <p>Instructions are walked backwards; each appends what its inputs contribute, and contributions
 * to one value are summed in that fixed order. Only values that a trained parameter reaches get a
 * gradient. A trained parameter that does not reach the output has none, so its slice of the
 * gradient arena is never written.
 */
public final class Differentiation {
  private final Program source;
  private final ProgramBuilder builder;
  private final Map<Integer, Value> gradients = new LinkedHashMap<>();
  private final Set<Integer> reached = new HashSet<>();

  /** Where each value of the source is computed. */
  private final Map<Integer, Integer> places = new HashMap<>();

  /** What looks up rows of a table that is trained by row: ids and gradient of each lookup. */
  private final Map<Integer, List<Value>> lookups = new LinkedHashMap<>();

  private Differentiation(Program source) {
    this.source = source;
    this.builder = ProgramBuilder.continuing(source);
    source.instructions().forEach(each -> places.put(each.output(), each.place()));
  }

  /** The program with the gradients of the scalar output named {@code loss}. */
  public static Program of(Program program, String loss) {
    Integer id = program.outputs().get(loss);
    if (id == null || program.value(id).shape().rank() != 0) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "differentiation needs a scalar output "
              + loss
              + ": the program has "
              + program.outputSpecs());
    }
    boolean done =
        program.parameters().stream()
            .filter(parameter -> parameter.role().isTrained())
            .anyMatch(parameter -> program.gradients().containsKey(parameter.name()));
    if (done) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "the program is differentiated already: " + loss);
    }
    return new Differentiation(program).differentiate(program.value(id));
  }

  private Program differentiate(Value loss) {
    findReached();
    gradients.put(loss.id(), builder.constant("loss.gradient", Shape.of(), 1));
    List<Instruction> forward = source.instructions();
    for (int i = forward.size() - 1; i >= 0; i--) {
      Instruction instruction = forward.get(i);
      Value dy = gradients.get(instruction.output());
      if (dy != null && reached.contains(instruction.output())) {
        builder.layer(instruction.layer()).place(instruction.place());
        backward(instruction, dy);
      }
    }
    lookups.forEach(this::gradientOfRows);
    nameGradients();
    return builder.build();
  }

  private void gradientOfRows(int table, List<Value> operands) {
    source.instructions().stream()
        .filter(each -> each.op() instanceof Op.Embedding && each.inputs().get(1) == table)
        .findFirst()
        .ifPresent(first -> builder.layer(first.layer()).place(first.place()));
    Op gradient = new Op.EmbeddingRowsGradient(source.value(table).shape().dim(0));
    gradients.put(table, builder.apply(gradient, operands.toArray(Value[]::new)));
  }

  private void findReached() {
    for (Value.Parameter parameter : source.parameters()) {
      if (parameter.role().isTrained()) {
        reached.add(parameter.id());
      }
    }
    for (Instruction instruction : source.instructions()) {
      if (instruction.inputs().stream().anyMatch(reached::contains)) {
        reached.add(instruction.output());
      }
    }
  }

  /** Each parameter's gradient is a value of its own, since devices write it in place. */
  private void nameGradients() {
    Set<Integer> taken = new HashSet<>();
    for (Value.Parameter parameter : source.parameters()) {
      Optional.ofNullable(gradients.get(parameter.id()))
          .ifPresent(
              gradient -> {
                boolean own = gradient instanceof Value.Computed && taken.add(gradient.id());
                Value named = own ? gradient : builder.apply(new Op.Scale(1), gradient);
                builder.gradient(parameter.name(), named);
              });
    }
  }

  private void backward(Instruction instruction, Value dy) {
    Value y = source.value(instruction.output());
    switch (instruction.op()) {
      case Op.MatMul matMul -> matMul(instruction, matMul, dy);
      case Op.AddBias _ -> {
        contribute(instruction, 0, () -> dy);
        contribute(instruction, 1, () -> sumRows(dy, in(instruction, 1)));
      }
      case Op.AddBiasRelu _ -> {
        Value sum = builder.apply(new Op.ReluGradient(), y, dy);
        contribute(instruction, 0, () -> sum);
        contribute(instruction, 1, () -> sumRows(sum, in(instruction, 1)));
      }
      case Op.Standardize _ -> {
        refuse(instruction, 1);
        refuse(instruction, 2);
        contribute(
            instruction, 0, () -> builder.apply(new Op.ScaleFeatures(), dy, in(instruction, 2)));
      }
      case Op.ScaleFeatures _ -> {
        contribute(
            instruction, 0, () -> builder.apply(new Op.ScaleFeatures(), dy, in(instruction, 1)));
        contribute(
            instruction,
            1,
            () -> sumRows(builder.apply(new Op.Mul(), dy, in(instruction, 0)), in(instruction, 1)));
      }
      case Op.Relu _ -> ofResult(instruction, new Op.ReluGradient(), dy);
      case Op.Sigmoid _ -> ofResult(instruction, new Op.SigmoidGradient(), dy);
      case Op.Tanh _ -> ofResult(instruction, new Op.TanhGradient(), dy);
      case Op.Softmax _ -> ofResult(instruction, new Op.SoftmaxGradient(), dy);
      case Op.Gelu _ -> ofOperand(instruction, new Op.GeluGradient(), dy);
      case Op.Silu _ -> ofOperand(instruction, new Op.SiluGradient(), dy);
      case Op.SignedLog1p _ -> ofOperand(instruction, new Op.SignedLog1pGradient(), dy);
      case Op.LayerNorm(float epsilon) ->
          ofOperand(instruction, new Op.LayerNormGradient(epsilon), dy);
      case Op.RmsNorm(float epsilon) -> ofOperand(instruction, new Op.RmsNormGradient(epsilon), dy);
      case Op.CausalAttention(int heads) ->
          ofOperand(instruction, new Op.CausalAttentionGradient(heads), dy);
      case Op.Dropout dropout ->
          contribute(instruction, 0, () -> builder.apply(dropout, dy, in(instruction, 1)));
      case Op.BatchNorm(float epsilon) ->
          contribute(
              instruction,
              0,
              () ->
                  builder.apply(
                      new Op.BatchNormGradient(epsilon),
                      in(instruction, 0),
                      in(instruction, 1),
                      in(instruction, 2),
                      in(instruction, 3),
                      dy));
      case Op.Conv2d conv -> convolution(instruction, conv, dy);
      case Op.MaxPool2d(int window, int stride, int padding) ->
          contribute(
              instruction,
              0,
              () ->
                  builder.apply(
                      new Op.MaxPool2dGradient(window, stride, padding),
                      in(instruction, 0),
                      y,
                      dy));
      case Op.AveragePool2d(int window, int stride, int padding) -> {
        Shape x = in(instruction, 0).shape();
        contribute(
            instruction,
            0,
            () ->
                builder.apply(
                    new Op.AveragePool2dGradient(window, stride, padding, x.dim(1), x.dim(2)), dy));
      }
      case Op.Embedding _ -> lookup(instruction, dy);
      case Op.Add _ -> {
        contribute(instruction, 0, () -> dy);
        contribute(instruction, 1, () -> dy);
      }
      case Op.Mul _ -> {
        contribute(instruction, 0, () -> builder.apply(new Op.Mul(), dy, in(instruction, 1)));
        contribute(instruction, 1, () -> builder.apply(new Op.Mul(), dy, in(instruction, 0)));
      }
      case Op.Scale(float factor) ->
          contribute(instruction, 0, () -> builder.apply(new Op.Scale(factor), dy));
      case Op.SumRows _ ->
          contribute(
              instruction, 0, () -> builder.apply(new Op.BroadcastRows(), dy, in(instruction, 0)));
      case Op.BroadcastRows _ -> contribute(instruction, 0, () -> sumRows(dy, in(instruction, 0)));
      case Op.Reshape _ ->
          contribute(
              instruction, 0, () -> builder.apply(new Op.Reshape(inner(in(instruction, 0))), dy));
      case Op.Transpose(List<Integer> axes) -> {
        List<Integer> inverse = IntStream.range(0, axes.size()).mapToObj(axes::indexOf).toList();
        contribute(instruction, 0, () -> builder.apply(new Op.Transpose(inverse), dy));
      }
      case Op.Concat(int axis) -> concatenation(instruction, axis, dy);
      case Op.Slice(int axis, int from, int to) -> {
        int after = in(instruction, 0).shape().dim(axis) - to;
        contribute(instruction, 0, () -> builder.apply(new Op.Pad(axis, from, after), dy));
      }
      case Op.Pad(int axis, int before, int _) -> {
        int to = before + in(instruction, 0).shape().dim(axis);
        contribute(instruction, 0, () -> builder.apply(new Op.Slice(axis, before, to), dy));
      }
      case Op.Reduce(Op.Reduction reduction, int axis) ->
          contribute(instruction, 0, () -> reduction(instruction, reduction, axis, dy));
      case Op.Repeat(int axis, int _) ->
          contribute(
              instruction, 0, () -> builder.apply(new Op.Reduce(Op.Reduction.SUM, axis), dy));
      case Op.SoftmaxCrossEntropy _ -> loss(instruction, new Op.SoftmaxCrossEntropyGradient(), dy);
      case Op.BinaryCrossEntropy _ -> loss(instruction, new Op.BinaryCrossEntropyGradient(), dy);
      case Op.MeanSquaredError _ -> loss(instruction, new Op.MeanSquaredErrorGradient(), dy);
      case Op.Huber(float delta) -> loss(instruction, new Op.HuberGradient(delta), dy);
      case Op.ReluGradient _,
          Op.SigmoidGradient _,
          Op.TanhGradient _,
          Op.GeluGradient _,
          Op.SiluGradient _,
          Op.SignedLog1pGradient _,
          Op.Fused _,
          Op.SoftmaxGradient _,
          Op.LayerNormGradient _,
          Op.RmsNormGradient _,
          Op.BatchMean _,
          Op.BatchVariance _,
          Op.BatchNormGradient _,
          Op.NormalizeFeatures _,
          Op.WeightStatistic _,
          Op.Conv2dInputGradient _,
          Op.Conv2dWeightGradient _,
          Op.MaxPool2dGradient _,
          Op.AveragePool2dGradient _,
          Op.EmbeddingGradient _,
          Op.EmbeddingRowsGradient _,
          Op.CausalAttentionGradient _,
          Op.ReduceMaxGradient _,
          Op.SoftmaxCrossEntropyGradient _,
          Op.BinaryCrossEntropyGradient _,
          Op.MeanSquaredErrorGradient _,
          Op.HuberGradient _,
          Op.ArgMax _,
          Op.Threshold _ ->
          throw noGradient(instruction, instruction.op().name());
    }
  }

  /** The gradient of an operation of one operand, from its result. */
  private void ofResult(Instruction instruction, Op gradient, Value dy) {
    Value y = source.value(instruction.output());
    contribute(instruction, 0, () -> builder.apply(gradient, y, dy));
  }

  /** The gradient of an operation of one operand, from that. */
  private void ofOperand(Instruction instruction, Op gradient, Value dy) {
    contribute(instruction, 0, () -> builder.apply(gradient, in(instruction, 0), dy));
  }

  private Value sumRows(Value dy, Value vector) {
    return builder.apply(new Op.SumRows(vector.shape().rank()), dy);
  }

  /** Of a table that is trained by row the gradient is taken when all its lookups are known. */
  private void lookup(Instruction instruction, Value dy) {
    Value table = in(instruction, 1);
    if (table instanceof Value.Parameter(_, _, _, ParameterRole role)
        && role == ParameterRole.TRAINED_BY_ROW) {
      List<Value> known = lookups.computeIfAbsent(table.id(), _ -> new ArrayList<>());
      known.addAll(List.of(in(instruction, 0), dy));
    } else {
      Op gradient = new Op.EmbeddingGradient(table.shape().dim(0));
      contribute(instruction, 1, () -> builder.apply(gradient, in(instruction, 0), dy));
    }
  }

  private void convolution(Instruction instruction, Op.Conv2d conv, Value dy) {
    Shape x = in(instruction, 0).shape();
    Shape weight = in(instruction, 1).shape();
    contribute(
        instruction,
        0,
        () ->
            builder.apply(
                new Op.Conv2dInputGradient(
                    conv.stride(), conv.padding(), conv.groups(), x.dim(1), x.dim(2)),
                in(instruction, 1),
                dy));
    contribute(
        instruction,
        1,
        () ->
            builder.apply(
                new Op.Conv2dWeightGradient(
                    conv.stride(), conv.padding(), conv.groups(), weight.dim(0), weight.dim(1)),
                in(instruction, 0),
                dy));
  }

  private void concatenation(Instruction instruction, int axis, Value dy) {
    int from = 0;
    for (int i = 0; i < instruction.inputs().size(); i++) {
      int first = from;
      int to = from + in(instruction, i).shape().dim(axis);
      contribute(instruction, i, () -> builder.apply(new Op.Slice(axis, first, to), dy));
      from = to;
    }
  }

  private Value reduction(Instruction instruction, Op.Reduction reduction, int axis, Value dy) {
    Value x = in(instruction, 0);
    int size = x.shape().dim(axis);
    return switch (reduction) {
      case SUM -> builder.apply(new Op.Repeat(axis, size), dy);
      case MEAN ->
          builder.apply(new Op.Repeat(axis, size), builder.apply(new Op.Scale(1f / size), dy));
      case MAX ->
          builder.apply(new Op.ReduceMaxGradient(axis), x, source.value(instruction.output()), dy);
    };
  }

  /** The dimensions behind the leading one. */
  private static List<Integer> inner(Value value) {
    return Arrays.stream(value.shape().dims()).skip(1).boxed().toList();
  }

  private void matMul(Instruction instruction, Op.MatMul op, Value dy) {
    Value left = in(instruction, 0);
    Value right = in(instruction, 1);
    boolean tl = op.transposeLeft();
    boolean tr = op.transposeRight();
    contribute(
        instruction,
        0,
        () ->
            tl
                ? builder.apply(new Op.MatMul(tr, true), right, dy)
                : builder.apply(new Op.MatMul(false, !tr), dy, right));
    contribute(
        instruction,
        1,
        () ->
            tr
                ? builder.apply(new Op.MatMul(true, tl), dy, left)
                : builder.apply(new Op.MatMul(!tl, false), left, dy));
  }

  private void loss(Instruction instruction, Op gradient, Value dy) {
    refuse(instruction, 2);
    contribute(
        instruction,
        0,
        () ->
            builder.apply(
                gradient, in(instruction, 0), in(instruction, 1), in(instruction, 2), dy));
  }

  private void contribute(Instruction instruction, int input, Supplier<Value> contribution) {
    int id = instruction.inputs().get(input);
    if (reached.contains(id)) {
      Value added = contribution.get();
      // What becomes of a value is added up where the value was computed: there it is needed next.
      builder.place(places.getOrDefault(id, instruction.place()));
      gradients.merge(id, added, (sum, next) -> builder.apply(new Op.Add(), sum, next));
      builder.place(instruction.place());
    }
  }

  private void refuse(Instruction instruction, int input) {
    if (reached.contains(instruction.inputs().get(input))) {
      throw noGradient(instruction, "input " + input + " of " + instruction.op().name());
    }
  }

  private Value in(Instruction instruction, int input) {
    return source.value(instruction.inputs().get(input));
  }

  private static EngineException noGradient(Instruction instruction, String what) {
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        instruction.layer() + ": " + what + " has no gradient, so it cannot be trained through");
  }
}
