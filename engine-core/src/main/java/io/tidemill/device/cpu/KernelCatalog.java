package io.tidemill.device.cpu;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Instruction;
import io.tidemill.program.Op;
import io.tidemill.program.Program;
import io.tidemill.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Which kernel runs an instruction; the kernels made by one catalog share its scratch space. */
final class KernelCatalog {
  private final Program program;
  private final Gemm gemm;
  private final Convolutions convolutions;
  private final Arena owner;
  private final SoftmaxKernels softmax = new SoftmaxKernels();
  private final LayerNormKernels layerNorm = new LayerNormKernels();
  private final LossKernels losses = new LossKernels();

  /** Kernels that hold memory until {@code owner} closes. */
  KernelCatalog(Program program, Primitives primitives, Arena owner) {
    this.program = program;
    this.gemm = primitives.gemm();
    this.convolutions = primitives.convolutions();
    this.owner = owner;
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
    Shape second = program.value(b).shape();
    long floats = shape.elements();
    int rows = first.rank() > 0 ? first.dim(0) : 1;
    int n = first.rank() > 1 ? first.dim(1) : 1;
    return switch (instruction.op()) {
      case Op.MatMul op -> {
        int inner = op.transposeLeft() ? rows : n;
        yield product(
            gemm.product(
                op.transposeLeft(), op.transposeRight(), shape.dim(0), shape.dim(1), inner, owner),
            instruction);
      }
      case Op.AddBias _ -> v -> RowKernels.addBias(v[a], v[b], v[out], rows, n);
      case Op.AddBiasRelu _ -> v -> RowKernels.addBiasRelu(v[a], v[b], v[out], rows, n);
      case Op.ScaleFeatures _ -> v -> RowKernels.scaleFeatures(v[a], v[b], v[out], rows, n);
      case Op.Standardize _ -> v -> RowKernels.standardize(v[a], v[b], v[c], v[out], rows, n);
      case Op.SumRows _ -> v -> RowKernels.sumRows(v[a], v[out], rows, n);
      case Op.BroadcastRows _ ->
          v -> RowKernels.broadcastRows(v[a], v[out], shape.dim(0), shape.dim(1));
      case Op.Relu _ -> v -> ElementwiseKernels.relu(v[a], v[out], floats);
      case Op.ReluGradient _ -> v -> ElementwiseKernels.reluGradient(v[a], v[b], v[out], floats);
      case Op.Sigmoid _ -> v -> ElementwiseKernels.sigmoid(v[a], v[out], floats);
      case Op.SigmoidGradient _ ->
          v -> ElementwiseKernels.sigmoidGradient(v[a], v[b], v[out], floats);
      case Op.SignedLog1p _ -> v -> ElementwiseKernels.signedLog1p(v[a], v[out], floats);
      case Op.SignedLog1pGradient _ ->
          v -> ElementwiseKernels.signedLog1pGradient(v[a], v[b], v[out], floats);
      case Op.Add _ -> v -> ElementwiseKernels.add(v[a], v[b], v[out], floats);
      case Op.Mul _ -> v -> ElementwiseKernels.mul(v[a], v[b], v[out], floats);
      case Op.Scale(float factor) -> v -> ElementwiseKernels.scale(v[a], factor, v[out], floats);
      case Op.Softmax _ -> v -> softmax.softmax(v[a], v[out], rows, n);
      case Op.SoftmaxGradient _ -> v -> softmax.gradient(v[a], v[b], v[out], rows, n);
      case Op.LayerNorm(float epsilon) -> v -> layerNorm.forward(v[a], v[out], rows, n, epsilon);
      case Op.LayerNormGradient(float epsilon) ->
          v -> layerNorm.gradient(v[a], v[b], v[out], rows, n, epsilon);
      case Op.SoftmaxCrossEntropy _ ->
          v -> losses.softmaxCrossEntropy(v[a], v[b], v[c], v[out], rows, n);
      case Op.SoftmaxCrossEntropyGradient _ ->
          v -> losses.softmaxCrossEntropyGradient(v[a], v[b], v[c], v[d], v[out], rows, n);
      case Op.BinaryCrossEntropy _ ->
          v -> losses.binaryCrossEntropy(v[a], v[b], v[c], v[out], rows);
      case Op.BinaryCrossEntropyGradient _ ->
          v -> losses.binaryCrossEntropyGradient(v[a], v[b], v[c], v[d], v[out], rows);
      case Op.Conv2d op ->
          product(convolutions.forward(Convolution.of(op, first, second), owner), instruction);
      case Op.Conv2dInputGradient op ->
          product(convolutions.inputGradient(Convolution.of(op, first, shape), owner), instruction);
      case Op.Conv2dWeightGradient op ->
          product(
              convolutions.weightGradient(Convolution.of(op, first, shape), owner), instruction);
      case Op.MaxPool2d(int window, int stride, int padding) -> {
        PoolKernels pool = new PoolKernels(first, window, stride, padding);
        yield v -> pool.max(v[a], v[out]);
      }
      case Op.MaxPool2dGradient(int window, int stride, int padding) -> {
        PoolKernels pool = new PoolKernels(first, window, stride, padding);
        yield v -> pool.maxGradient(v[a], v[b], v[c], v[out]);
      }
      case Op.AveragePool2d(int window, int stride, int padding) -> {
        PoolKernels pool = new PoolKernels(first, window, stride, padding);
        yield v -> pool.average(v[a], v[out]);
      }
      case Op.AveragePool2dGradient(int window, int stride, int padding, int _, int _) -> {
        PoolKernels pool = new PoolKernels(shape, window, stride, padding);
        yield v -> pool.averageGradient(v[a], v[out]);
      }
      case Op.ArgMax _ -> v -> SelectionKernels.argMax(v[a], v[out], rows, n);
      case Op.Threshold(float at) -> v -> SelectionKernels.threshold(v[a], at, v[out], rows);
      case Op.Reshape _ ->
          v -> {
            if (v[a].address() != v[out].address()) { // else the memory plan made it a view
              MemorySegment.copy(v[a], 0, v[out], 0, v[out].byteSize());
            }
          };
      default ->
          throw new EngineException(
              ErrorCode.INVALID_ARGUMENT,
              instruction.layer() + ": the cpu device lacks " + instruction.op().name());
    };
  }

  private static Kernel product(Gemm.Product product, Instruction instruction) {
    int left = instruction.inputs().get(0);
    int right = instruction.inputs().get(1);
    int out = instruction.output();
    return v -> product.run(v[left], v[right], v[out]);
  }
}
