package io.tidemill.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Splits pairs of matrix products over several places, as Megatron does (Shoeybi and others 2019):
 * the first weight by columns and the second by rows, so that what lies between, elementwise or
 * attention by heads, needs nothing of the other parts, and one sum of matrices is all that the
 * places tell each other.
 *
 * <p>A transform on a program before differentiation. It finds the pairs by itself: two products
 * with a weight each that nothing else reads, between them only a bias, elementwise operations of
 * one operand, or one causal attention, whose sizes the number of parts divides. Each part of a
 * weight becomes a parameter of its own. Sums of parts are taken in the order of a fixed tree, so
 * the bits depend on the number of parts and on nothing else.
 */
public final class TensorSplit {
  private final Program source;
  private final int parts;
  private final int[] uses;
  private final Map<Integer, Instruction> reader = new HashMap<>();

  /** By the id of the parameter; for each part one. */
  private final Map<Integer, List<ParameterPart>> split = new LinkedHashMap<>();

  /** Instructions whose result is computed in parts, by the id of that. */
  private final Map<Integer, Op> inParts = new HashMap<>();

  /** Products that take parts and give the sum, by the id of the sum. */
  private final Map<Integer, Op> summing = new HashMap<>();

  private TensorSplit(Program source, int parts) {
    this.source = source;
    this.parts = parts;
    this.uses = Rewrite.uses(source);
    source.instructions().forEach(each -> each.inputs().forEach(id -> reader.put(id, each)));
  }

  /**
   * A program with split parameters.
   *
   * @param parts of the parameters that were split, by name
   */
  public record Result(Program program, Map<String, ParameterPart> parts) {}

  /**
   * Splits a program: what was at place p is at place p times parts, and its other parts behind it.
   */
  public static Result apply(Program program, int parts) {
    return parts == 1
        ? new Result(program, Map.of())
        : new TensorSplit(program, parts).find().rewrite();
  }

  private TensorSplit find() {
    for (Instruction first : source.instructions()) {
      if (isProduct(first) && !summing.containsKey(first.output())) {
        pair(first);
      }
    }
    return this;
  }

  /** Follows what a product gives up to another product, if only what can be split is between. */
  private void pair(Instruction first) {
    List<Instruction> between = new ArrayList<>();
    Instruction last = first;
    int groups = 1;
    while (uses[last.output()] == 1 && reader.containsKey(last.output())) {
      Instruction next = reader.get(last.output());
      if (isProduct(next) && next.inputs().getFirst() == last.output()) {
        Value weight = source.value(next.inputs().get(1));
        if (fits(first, groups) && weight.shape().dim(0) % parts == 0) {
          split(first, between, next, groups);
        }
        return;
      }
      if (next.op() instanceof Op.CausalAttention(int heads) && heads % parts == 0 && groups == 1) {
        groups = 3;
      } else if (!isSplittable(next, last.output()) || groups == 3) {
        return;
      }
      between.add(next);
      last = next;
    }
  }

  private boolean fits(Instruction product, int groups) {
    int columns = source.value(product.inputs().get(1)).shape().dim(1);
    return columns % (parts * groups) == 0;
  }

  private void split(Instruction first, List<Instruction> between, Instruction last, int groups) {
    split(first.inputs().get(1), 1, groups);
    inParts.put(first.output(), first.op());
    for (Instruction instruction : between) {
      if (instruction.op() instanceof Op.AddBias) {
        split(instruction.inputs().get(1), 0, groups);
      }
      Op op =
          instruction.op() instanceof Op.CausalAttention(int heads)
              ? new Op.CausalAttention(heads / parts)
              : instruction.op();
      inParts.put(instruction.output(), op);
    }
    split(last.inputs().get(1), 0, 1);
    summing.put(last.output(), last.op());
  }

  private void split(int parameter, int axis, int groups) {
    Value whole = source.value(parameter);
    split.put(
        parameter,
        IntStream.range(0, parts)
            .mapToObj(
                part -> new ParameterPart(whole.name(), whole.shape(), axis, groups, part, parts))
            .toList());
  }

  private boolean isProduct(Instruction instruction) {
    return instruction.op() instanceof Op.MatMul(boolean left, boolean right)
        && !left
        && !right
        && isOwnWeight(instruction.inputs().get(1));
  }

  private boolean isOwnWeight(int id) {
    return source.value(id) instanceof Value.Parameter parameter
        && parameter.role() == ParameterRole.TRAINED
        && uses[id] == 1
        && !split.containsKey(id);
  }

  private boolean isSplittable(Instruction instruction, int operand) {
    return switch (instruction.op()) {
      case Op.AddBias _ ->
          instruction.inputs().getFirst() == operand && isOwnWeight(instruction.inputs().get(1));
      case Op.Pairwise _ -> false;
      case Op.Elementwise _ -> instruction.inputs().size() == 1;
      default -> false;
    };
  }

  private Result rewrite() {
    ProgramBuilder builder = new ProgramBuilder();
    Map<Integer, List<Value>> values = new HashMap<>();
    Map<String, ParameterPart> byName = new LinkedHashMap<>();
    for (Value value : source.values()) {
      switch (value) {
        case Value.Input input ->
            values.put(
                input.id(), List.of(builder.input(input.name(), input.type(), input.shape())));
        case Value.Constant constant ->
            values.put(
                constant.id(),
                List.of(builder.constant(constant.name(), constant.shape(), constant.fill())));
        case Value.Parameter parameter ->
            values.put(parameter.id(), parameters(parameter, builder, byName));
        case Value.Computed _ -> {}
      }
    }
    for (Instruction instruction : source.instructions()) {
      values.put(instruction.output(), results(instruction, builder, values));
    }
    source.outputs().forEach((name, id) -> builder.output(name, values.get(id).getFirst()));
    source.gradients().forEach((name, id) -> builder.gradient(name, values.get(id).getFirst()));
    return new Result(builder.build(), byName);
  }

  private List<Value> parameters(
      Value.Parameter parameter, ProgramBuilder builder, Map<String, ParameterPart> byName) {
    Optional<List<ParameterPart>> ofIt = Optional.ofNullable(split.get(parameter.id()));
    if (ofIt.isEmpty()) {
      return List.of(builder.parameter(parameter.name(), parameter.shape(), parameter.role()));
    }
    List<Value> values = new ArrayList<>();
    for (ParameterPart part : ofIt.get()) {
      values.add(builder.parameter(part.name(), part.partShape(), parameter.role()));
      byName.put(part.name(), part);
    }
    return values;
  }

  /** What an instruction becomes: a value, or one for each part. */
  private List<Value> results(
      Instruction instruction, ProgramBuilder builder, Map<Integer, List<Value>> values) {
    int place = instruction.place() * parts;
    builder.layer(instruction.layer());
    Op partial = inParts.getOrDefault(instruction.output(), summing.get(instruction.output()));
    if (partial == null) {
      return List.of(
          builder.place(place).apply(instruction.op(), operands(instruction, values, 0)));
    }
    List<Value> results = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      results.add(builder.place(place + part).apply(partial, operands(instruction, values, part)));
    }
    return inParts.containsKey(instruction.output())
        ? results
        : List.of(sum(results, builder.place(place)));
  }

  private static Value[] operands(
      Instruction instruction, Map<Integer, List<Value>> values, int part) {
    return instruction.inputs().stream()
        .map(values::get)
        .map(each -> each.size() == 1 ? each.getFirst() : each.get(part))
        .toArray(Value[]::new);
  }

  private static Value sum(List<Value> terms, ProgramBuilder builder) {
    if (terms.size() == 1) {
      return terms.getFirst();
    }
    int middle = Integer.highestOneBit(terms.size() - 1);
    Value left = sum(terms.subList(0, middle), builder);
    Value right = sum(terms.subList(middle, terms.size()), builder);
    return builder.apply(new Op.Add(), left, right);
  }
}
