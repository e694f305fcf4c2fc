package io.tidemill.program;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.List;

/**
 * What an instruction costs: for roofline figures and for choosing where to run.
 *
 * @param flops floating-point operations; a fused multiply-add counts two, exp and log one
 * @param bytes read and written, each operand once
 */
public record Cost(long flops, long bytes) {
  static final Cost NOTHING = new Cost(0, 0);

  /** The cost of one instruction of this program; open dimensions count as one row. */
  public static Cost of(Program program, Instruction instruction) {
    List<Value> inputs = instruction.inputs().stream().map(program::value).toList();
    Value output = program.value(instruction.output());
    long bytes = bytes(output) + inputs.stream().mapToLong(Cost::bytes).sum();
    return new Cost(flops(instruction.op(), inputs, output), bytes);
  }

  Cost plus(Cost other) {
    return new Cost(flops + other.flops, bytes + other.bytes);
  }

  private static long bytes(Value value) {
    return value.shape().elements() * value.type().bytes();
  }

  private static long flops(Op op, List<Value> inputs, Value output) {
    long out = output.shape().elements();
    long in = inputs.getFirst().shape().elements();
    return switch (op) {
      case Op.MatMul matMul -> 2 * out * Math.max(1, inner(matMul, inputs.getFirst().shape()));
      case Op.AddBias _, Op.ScaleFeatures _, Op.WeightStatistic _ -> out;
      case Op.AddBiasRelu _, Op.Standardize _, Op.NormalizeFeatures _, Op.BatchNorm _ -> 2 * out;
      case Op.Fused fused ->
          fused.steps().stream().mapToLong(step -> flopsPerElement(step.op()) * out).sum();
      case Op.Elementwise elementwise -> flopsPerElement(elementwise) * out;
      case Op.Dropout _ -> out;
      case Op.Softmax _, Op.SoftmaxGradient _ -> 4 * out;
      case Op.LayerNorm _ -> 5 * out;
      case Op.RmsNorm _ -> 4 * out;
      case Op.LayerNormGradient _, Op.RmsNormGradient _, Op.BatchNormGradient _ -> 12 * out;
      case Op.BatchMean _, Op.SumRows _, Op.ArgMax _, Op.Threshold _, Op.Reduce _ -> in;
      case Op.BatchVariance _ -> 3 * in;
      case Op.Conv2d _ -> 2 * out * window(inputs.get(1).shape());
      case Op.Conv2dInputGradient _ ->
          2 * inputs.get(1).shape().elements() * window(inputs.getFirst().shape());
      case Op.Conv2dWeightGradient _ ->
          2 * inputs.get(1).shape().elements() * window(output.shape());
      case Op.MaxPool2d(int window, int _, int _) -> (long) window * window * out;
      case Op.AveragePool2d(int window, int _, int _) -> (long) window * window * out;
      case Op.MaxPool2dGradient(int window, int _, int _) ->
          (long) window * window * inputs.get(1).shape().elements();
      case Op.AveragePool2dGradient(int window, int _, int _, int _, int _) ->
          (long) window * window * in;
      case Op.EmbeddingGradient _ -> inputs.get(1).shape().elements();
      case Op.EmbeddingRowsGradient _ ->
          inputs.stream()
              .filter(input -> input.type() == DataType.FLOAT32)
              .mapToLong(input -> input.shape().elements())
              .sum();
      case Op.CausalAttention _ -> attention(inputs.getFirst().shape(), 2);
      case Op.CausalAttentionGradient _ -> attention(inputs.getFirst().shape(), 5);
      case Op.Embedding _,
          Op.BroadcastRows _,
          Op.Reshape _,
          Op.Transpose _,
          Op.Concat _,
          Op.Slice _,
          Op.Pad _,
          Op.Repeat _ ->
          0;
      case Op.ReduceMaxGradient _ -> in;
      case Op.SoftmaxCrossEntropy _, Op.BinaryCrossEntropy _ -> 4 * in;
      case Op.SoftmaxCrossEntropyGradient _, Op.BinaryCrossEntropyGradient _ -> 5 * in;
      case Op.MeanSquaredError _, Op.Huber _ -> 3 * in;
      case Op.MeanSquaredErrorGradient _, Op.HuberGradient _ -> 2 * in;
    };
  }

  private static long flopsPerElement(Op.Elementwise op) {
    return switch (op) {
      case Op.Add _, Op.Mul _, Op.Scale _, Op.Relu _, Op.ReluGradient _ -> 1;
      case Op.SignedLog1p _, Op.SignedLog1pGradient _ -> 2;
      case Op.Sigmoid _, Op.SigmoidGradient _, Op.Tanh _, Op.TanhGradient _, Op.Silu _ -> 3;
      case Op.Gelu _, Op.GeluGradient _, Op.SiluGradient _ -> 6;
    };
  }

  private static long inner(Op.MatMul matMul, Shape left) {
    return matMul.transposeLeft() ? left.elements() / left.dim(-1) : left.dim(-1);
  }

  /** Products for each element of a convolution's result, from the shape of its weight. */
  private static long window(Shape weight) {
    return (long) weight.dim(0) * weight.dim(1) * weight.dim(2);
  }

  /** Products of [length, width/heads] by its transpose, or of [length, length] by that. */
  private static long attention(Shape qkv, int products) {
    return 2L * products * qkv.elements() / 3 * qkv.dim(1);
  }
}
