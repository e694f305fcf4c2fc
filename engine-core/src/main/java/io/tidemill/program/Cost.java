package io.tidemill.program;

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
      case Op.MatMul matMul -> {
        int inner = inputs.getFirst().shape().dim(matMul.transposeLeft() ? 0 : 1);
        yield 2 * out * Math.max(1, inner);
      }
      case Op.AddBias _, Op.Add _, Op.Mul _, Op.Scale _, Op.Relu _, Op.ReluGradient _ -> out;
      case Op.ScaleFeatures _ -> out;
      case Op.AddBiasRelu _, Op.Standardize _ -> 2 * out;
      case Op.Sigmoid _, Op.SigmoidGradient _ -> 3 * out;
      case Op.SignedLog1p _, Op.SignedLog1pGradient _ -> 2 * out;
      case Op.Softmax _, Op.SoftmaxGradient _ -> 4 * out;
      case Op.LayerNorm _ -> 5 * out;
      case Op.LayerNormGradient _ -> 12 * out;
      case Op.SumRows _, Op.ArgMax _, Op.Threshold _ -> in;
      case Op.BroadcastRows _ -> 0;
      case Op.SoftmaxCrossEntropy _, Op.BinaryCrossEntropy _ -> 4 * in;
      case Op.SoftmaxCrossEntropyGradient _, Op.BinaryCrossEntropyGradient _ -> 5 * in;
    };
  }
}
