package io.tidemill.program;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.Shape;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Reverse-mode differentiation as a transform: a program with a scalar output becomes one that also
 * gives the gradient of that output for each trainable parameter.
 *
 * <p>Instructions are walked backwards; each appends what its inputs contribute, and contributions
 * to one value are summed in that fixed order. Only values that a trainable parameter reaches get a
 * gradient. A trainable parameter that does not reach the output has none, so its slice of the
 * gradient arena is never written.
 */
public final class Differentiation {
  private final Program source;
  private final ProgramBuilder builder;
  private final Map<Integer, Value> gradients = new LinkedHashMap<>();
  private final Set<Integer> reached = new HashSet<>();

  private Differentiation(Program source) {
    this.source = source;
    this.builder = ProgramBuilder.continuing(source);
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
    if (!program.gradients().isEmpty()) {
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
        builder.layer(instruction.layer());
        backward(instruction, dy);
      }
    }
    nameGradients();
    return builder.build();
  }

  private void findReached() {
    for (Value.Parameter parameter : source.parameters()) {
      if (parameter.role() == ParameterRole.TRAINED) {
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
        contribute(instruction, 1, () -> builder.apply(new Op.SumRows(), dy));
      }
      case Op.AddBiasRelu _ -> {
        Value sum = builder.apply(new Op.ReluGradient(), y, dy);
        contribute(instruction, 0, () -> sum);
        contribute(instruction, 1, () -> builder.apply(new Op.SumRows(), sum));
      }
      case Op.Relu _ ->
          contribute(instruction, 0, () -> builder.apply(new Op.ReluGradient(), y, dy));
      case Op.Sigmoid _ ->
          contribute(instruction, 0, () -> builder.apply(new Op.SigmoidGradient(), y, dy));
      case Op.SignedLog1p _ ->
          contribute(
              instruction,
              0,
              () -> builder.apply(new Op.SignedLog1pGradient(), in(instruction, 0), dy));
      case Op.Softmax _ ->
          contribute(instruction, 0, () -> builder.apply(new Op.SoftmaxGradient(), y, dy));
      case Op.LayerNorm(float epsilon) ->
          contribute(
              instruction,
              0,
              () -> builder.apply(new Op.LayerNormGradient(epsilon), in(instruction, 0), dy));
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
            () ->
                builder.apply(
                    new Op.SumRows(), builder.apply(new Op.Mul(), dy, in(instruction, 0))));
      }
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
      case Op.BroadcastRows _ ->
          contribute(instruction, 0, () -> builder.apply(new Op.SumRows(), dy));
      case Op.SoftmaxCrossEntropy _ -> loss(instruction, new Op.SoftmaxCrossEntropyGradient(), dy);
      case Op.BinaryCrossEntropy _ -> loss(instruction, new Op.BinaryCrossEntropyGradient(), dy);
      case Op.ReluGradient _,
          Op.SigmoidGradient _,
          Op.SignedLog1pGradient _,
          Op.SoftmaxGradient _,
          Op.LayerNormGradient _,
          Op.SoftmaxCrossEntropyGradient _,
          Op.BinaryCrossEntropyGradient _,
          Op.ArgMax _,
          Op.Threshold _ ->
          throw noGradient(instruction, instruction.op().name());
    }
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
      gradients.merge(id, added, (sum, next) -> builder.apply(new Op.Add(), sum, next));
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
