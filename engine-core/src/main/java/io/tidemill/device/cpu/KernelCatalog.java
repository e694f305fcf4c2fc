package io.tidemill.device.cpu;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Instruction;
import io.tidemill.program.Op;
import io.tidemill.program.Program;
import io.tidemill.tensor.Shape;
import java.util.List;

/** Which kernel runs an instruction; the kernels made by one catalog share its scratch space. */
final class KernelCatalog {
  private final Program program;
  private final Gemm gemm;
  private final LayerNormKernels layerNorm = new LayerNormKernels();

  KernelCatalog(Program program, Gemm gemm) {
    this.program = program;
    this.gemm = gemm;
  }

  Kernel kernel(Instruction instruction) {
    List<Integer> inputs = instruction.inputs();
    int a = inputs.get(0);
    int b = inputs.size() > 1 ? inputs.get(1) : a;
    int c = inputs.size() > 2 ? inputs.get(2) : b;
    int d = inputs.size() > 3 ? inputs.get(3) : c;
    int out = instruction.output();
    Shape shape = program.value(out).shape();
    Shape first = program.value(a).shape();
    long floats = shape.elements();
    int samples = first.rank() > 0 ? first.dim(0) : 1;
    int n = first.rank() > 1 ? first.dim(first.rank() - 1) : 1;
    int rows = n == 0 ? 0 : Math.toIntExact(first.elements() / n);
    int positions = samples == 0 ? 1 : rows / samples;
    return switch (instruction.op()) {
      case Op.MatMul op -> {
        int inner = op.transposeLeft() ? rows : n;
        Gemm.Product product =
            gemm.product(
                op.transposeLeft(), op.transposeRight(), shape.dim(0), shape.dim(1), inner);
        yield v -> product.run(v[a], v[b], v[out]);
      }
      case Op.AddBias _ -> {
        RepeatedVector bias = new RepeatedVector(width(b));
        yield v -> RowKernels.addBias(v[a], bias.of(v[b]), v[out], floats, bias.period());
      }
      case Op.AddBiasRelu _ -> {
        RepeatedVector bias = new RepeatedVector(width(b));
        yield v -> RowKernels.addBiasRelu(v[a], bias.of(v[b]), v[out], floats, bias.period());
      }
      case Op.ScaleFeatures _ -> {
        RepeatedVector factors = new RepeatedVector(width(b));
        yield v -> RowKernels.scaleFeatures(v[a], factors.of(v[b]), v[out], floats, factors.period());
      }
      case Op.Standardize _ -> {
        RepeatedVector mean = new RepeatedVector(width(b));
        RepeatedVector inverseStd = new RepeatedVector(width(c));
        yield v ->
            RowKernels.standardize(
                v[a], mean.of(v[b]), inverseStd.of(v[c]), v[out], floats, mean.period());
      }
      case Op.SumRows _ -> v -> RowKernels.sumRows(v[a], v[out], (int) (program.value(a).shape().elements() / Math.max(1, floats)), floats);
      case Op.BroadcastRows _ -> v -> RepeatedVector.repeat(v[a], v[out]);
      case Op.Elementwise op -> {
        ElementwiseKernel kernel = new ElementwiseKernel(ElementLoops.of(op), floats);
        yield v -> kernel.run(v[a], v[b], v[out]);
      }
      case Op.Fused op -> new FusedKernel(op, inputs, out, floats);
      case Op.Softmax _ -> {
        SoftmaxKernels softmax = new SoftmaxKernels(n);
        yield v -> softmax.softmax(v[a], v[out], rows);
      }
      case Op.SoftmaxGradient _ -> {
        SoftmaxKernels softmax = new SoftmaxKernels(n);
        yield v -> softmax.gradient(v[a], v[b], v[out], rows);
      }
      case Op.LayerNorm(float epsilon) -> v -> layerNorm.forward(v[a], v[out], rows, n, epsilon);
      case Op.LayerNormGradient(float epsilon) ->
          v -> layerNorm.gradient(v[a], v[b], v[out], rows, n, epsilon);
      case Op.SoftmaxCrossEntropy _ -> {
        CrossEntropyKernels losses = new CrossEntropyKernels(samples, positions, n);
        yield v -> losses.loss(v[a], v[b], v[c], v[out]);
      }
      case Op.SoftmaxCrossEntropyGradient _ -> {
        CrossEntropyKernels losses = new CrossEntropyKernels(samples, positions, n);
        yield v -> losses.gradient(v[a], v[b], v[c], v[d], v[out]);
      }
      case Op.BinaryCrossEntropy _ ->
          v -> BinaryCrossEntropyKernels.loss(v[a], v[b], v[c], v[out], rows);
      case Op.BinaryCrossEntropyGradient _ ->
          v -> BinaryCrossEntropyKernels.gradient(v[a], v[b], v[c], v[d], v[out], rows);
      case Op.ArgMax _ -> v -> SelectionKernels.argMax(v[a], v[out], rows, n);
      case Op.Threshold(float at) -> v -> SelectionKernels.threshold(v[a], at, v[out], rows);
      default ->
          throw new EngineException(
              ErrorCode.INVALID_ARGUMENT,
              instruction.layer() + ": the cpu device lacks " + instruction.op().name());
    };
  }

  private int width(int id) { return Math.toIntExact(program.value(id).shape().elements()); }
}
