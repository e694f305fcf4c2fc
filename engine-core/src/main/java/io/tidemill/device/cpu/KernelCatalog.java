package io.tidemill.device.cpu;

import io.tidemill.program.Instruction;
import io.tidemill.program.Op;
import io.tidemill.program.Program;
import io.tidemill.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which kernel runs an instruction; the kernels made by one catalog share its scratch space. */
final class KernelCatalog {
  private final Program program;
  private final Primitives primitives;
  private final Arena owner;
  private final Map<Attention.Heads, Attention> attentions = new HashMap<>();
  private final LayerNormKernels layerNorm = new LayerNormKernels();
  private final RmsNormKernels rmsNorm = new RmsNormKernels();

  /** Kernels that hold memory until {@code owner} closes. */
  KernelCatalog(Program program, Primitives primitives, Arena owner) {
    this.program = program;
    this.primitives = primitives;
    this.owner = owner;
  }

  Kernel kernel(Instruction instruction) {
    return machineCode(instruction).orElseGet(() -> otherwise(instruction));
  }

  /** Whether the kernel of an operation is a loop of the Vector API. */
  static boolean warmsUp(Op op, Primitives primitives) {
    return switch (op) {
      case Op.MatMul _, Op.Conv2d _, Op.Conv2dInputGradient _, Op.Conv2dWeightGradient _ ->
          !primitives.isNative();
      case Op.Elementwise _,
          Op.Fused _,
          Op.AddBias _,
          Op.AddBiasRelu _,
          Op.ScaleFeatures _,
          Op.Standardize _,
          Op.SumRows _,
          Op.LayerNorm _,
          Op.LayerNormGradient _,
          Op.Softmax _,
          Op.SoftmaxCrossEntropy _,
          Op.SoftmaxCrossEntropyGradient _ ->
          !primitives.isMachineCode();
      case Op.Reshape _, Op.ArgMax _, Op.Threshold _, Op.Slice _, Op.Concat _ -> false;
      default -> true;
    };
  }

  /** Where the processor runs what we write for it, and there is such code. */
  private Optional<Kernel> machineCode(Instruction instruction) {
    if (!primitives.isMachineCode()) {
      return Optional.empty();
    }
    List<Integer> inputs = instruction.inputs();
    int out = instruction.output();
    Shape shape = program.value(out).shape();
    return switch (instruction.op()) {
      case Op.Elementwise op -> ElementCode.kernel(op, inputs, out, shape.elements());
      case Op.Fused op -> ElementCode.kernel(op, inputs, out, shape.elements());
      case Op.AddBias _, Op.AddBiasRelu _, Op.ScaleFeatures _, Op.Standardize _ ->
          RowCode.kernel(instruction.op(), inputs, out, shape.elements(), width(inputs.get(1)));
      case Op.SumRows(int axes) -> {
        Shape summed = program.value(inputs.getFirst()).shape();
        long rows = AxisRows.elements(summed, 0, summed.rank() - axes);
        yield RowCode.sum(inputs.getFirst(), out, rows, Math.toIntExact(shape.elements()));
      }
      default -> rowsMachineCode(instruction);
    };
  }

  private Optional<Kernel> rowsMachineCode(Instruction instruction) {
    List<Integer> inputs = instruction.inputs();
    int x = inputs.getFirst();
    int out = instruction.output();
    Shape rows = program.value(x).shape();
    int n = rows.rank() == 0 ? 0 : rows.dim(-1);
    if (rows.elements() == 0) {
      return Optional.empty();
    }
    int samples = rows.rank() > 1 ? rows.dim(0) : 1;
    int positions = Math.toIntExact(rows.elements() / n / samples);
    int count = samples * positions;
    return switch (instruction.op()) {
      case Op.LayerNorm op -> Optional.of(NormCode.forward(op, x, out, count, n));
      case Op.LayerNormGradient op ->
          Optional.of(NormCode.gradient(op, x, inputs.get(1), out, count, n));
      case Op.Softmax _ -> {
        CodeSoftmax softmax = new CodeSoftmax(samples, positions, n);
        yield Optional.of(v -> softmax.softmax(v[x], v[out]));
      }
      case Op.SoftmaxCrossEntropy _ -> {
        CodeSoftmax softmax = new CodeSoftmax(samples, positions, n);
        MemorySegment scratch = owner.allocate(rows.elements() * Float.BYTES, 64);
        int labels = inputs.get(1);
        int weights = inputs.get(2);
        yield Optional.of(v -> softmax.loss(v[x], v[labels], v[weights], scratch, v[out]));
      }
      case Op.SoftmaxCrossEntropyGradient _ -> {
        CodeSoftmax softmax = new CodeSoftmax(samples, positions, n);
        int labels = inputs.get(1);
        int weights = inputs.get(2);
        int dLoss = inputs.get(3);
        yield Optional.of(v -> softmax.gradient(v[x], v[labels], v[weights], v[dLoss], v[out]));
      }
      default -> Optional.empty();
    };
  }

  private Kernel otherwise(Instruction instruction) {
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
    int samples = first.rank() > 0 ? first.dim(0) : 1;
    int n = first.rank() > 1 ? first.dim(first.rank() - 1) : 1;
    int rows = n == 0 ? 0 : Math.toIntExact(first.elements() / n);
    int positions = samples == 0 ? 1 : rows / samples;
    return switch (instruction.op()) {
      case Op.MatMul op -> {
        int inner = op.transposeLeft() ? rows : n;
        yield product(
            primitives
                .gemm()
                .product(
                    op.transposeLeft(),
                    op.transposeRight(),
                    Math.toIntExact(shape.elements() / Math.max(1, shape.dim(-1))),
                    shape.dim(-1),
                    inner,
                    owner),
            instruction);
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
        yield v ->
            RowKernels.scaleFeatures(v[a], factors.of(v[b]), v[out], floats, factors.period());
      }
      case Op.Standardize _ -> {
        RepeatedVector mean = new RepeatedVector(width(b));
        RepeatedVector inverseStd = new RepeatedVector(width(c));
        yield v ->
            RowKernels.standardize(
                v[a], mean.of(v[b]), inverseStd.of(v[c]), v[out], floats, mean.period());
      }
      case Op.SumRows(int axes) -> {
        int summed = Math.toIntExact(AxisRows.elements(first, 0, first.rank() - axes));
        yield v -> RowKernels.sumRows(v[a], v[out], summed, floats);
      }
      case Op.BroadcastRows _ -> v -> RepeatedVector.repeat(v[a], v[out]);
      case Op.Elementwise op -> {
        ElementwiseKernel kernel = new ElementwiseKernel(ElementLoops.of(op), floats);
        yield v -> kernel.run(v[a], v[b], v[out]);
      }
      case Op.Fused op -> new FusedKernel(op, inputs, out, floats);
      case Op.Dropout(float rate, long stream) -> {
        DropoutKernel dropout = new DropoutKernel(rate, stream, floats);
        yield v -> dropout.run(v[a], v[b], v[out]);
      }
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
      case Op.RmsNorm(float epsilon) -> v -> rmsNorm.forward(v[a], v[out], rows, n, epsilon);
      case Op.RmsNormGradient(float epsilon) ->
          v -> rmsNorm.gradient(v[a], v[b], v[out], rows, n, epsilon);
      case Op.BatchMean _ -> {
        BatchNormKernels norm = new BatchNormKernels(samples, positions, n);
        yield v -> norm.mean(v[a], v[b], v[out]);
      }
      case Op.BatchVariance _ -> {
        BatchNormKernels norm = new BatchNormKernels(samples, positions, n);
        yield v -> norm.variance(v[a], v[b], v[c], v[out]);
      }
      case Op.BatchNorm(float epsilon) -> {
        BatchNormKernels norm = new BatchNormKernels(samples, positions, n);
        yield v -> norm.normalize(v[a], v[b], v[c], v[out], epsilon);
      }
      case Op.NormalizeFeatures(float epsilon) -> {
        BatchNormKernels norm = new BatchNormKernels(samples, positions, n);
        yield v -> norm.normalize(v[a], v[b], v[c], v[out], epsilon);
      }
      case Op.BatchNormGradient(float epsilon) -> {
        int dy = inputs.get(4);
        BatchNormKernels norm = new BatchNormKernels(samples, positions, n);
        yield v -> norm.gradient(v[a], v[b], v[c], v[d], v[dy], v[out], epsilon);
      }
      case Op.WeightStatistic _ -> {
        int weights = second.dim(0);
        yield v -> BatchNormKernels.weightStatistic(v[a], v[b], v[out], weights);
      }
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
      case Op.MeanSquaredError _ -> {
        RegressionKernels losses = RegressionKernels.meanSquared(samples, positions * n);
        yield v -> losses.loss(v[a], v[b], v[c], v[out]);
      }
      case Op.MeanSquaredErrorGradient _ -> {
        RegressionKernels losses = RegressionKernels.meanSquared(samples, positions * n);
        yield v -> losses.gradient(v[a], v[b], v[c], v[d], v[out]);
      }
      case Op.Huber(float delta) -> {
        RegressionKernels losses = RegressionKernels.huber(samples, positions * n, delta);
        yield v -> losses.loss(v[a], v[b], v[c], v[out]);
      }
      case Op.HuberGradient(float delta) -> {
        RegressionKernels losses = RegressionKernels.huber(samples, positions * n, delta);
        yield v -> losses.gradient(v[a], v[b], v[c], v[d], v[out]);
      }
      case Op.Conv2d op ->
          product(
              primitives.convolutions().forward(Convolution.of(op, first, second), owner),
              instruction);
      case Op.Conv2dInputGradient op ->
          product(
              primitives.convolutions().inputGradient(Convolution.of(op, first, shape), owner),
              instruction);
      case Op.Conv2dWeightGradient op ->
          product(
              primitives.convolutions().weightGradient(Convolution.of(op, first, shape), owner),
              instruction);
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
      case Op.Embedding _ -> {
        int ids = Math.toIntExact(first.elements());
        EmbeddingKernels embedding =
            new EmbeddingKernels(instruction.layer(), ids, second.dim(0), second.dim(1));
        yield v -> embedding.forward(v[a], v[b], v[out]);
      }
      case Op.EmbeddingGradient(int count) -> {
        int ids = Math.toIntExact(first.elements());
        EmbeddingKernels embedding =
            new EmbeddingKernels(instruction.layer(), ids, count, shape.dim(1));
        yield v -> {
          v[out].fill((byte) 0);
          embedding.add(v[a], v[b], v[out]);
        };
      }
      case Op.EmbeddingRowsGradient(int count) ->
          new EmbeddingRowsKernel(program, instruction, count, owner);
      case Op.CausalAttention(int heads) -> {
        Attention attention = attention(samples, first.dim(1), shape.dim(2), heads);
        yield v -> attention.forward(v[a], v[out]);
      }
      case Op.CausalAttentionGradient(int heads) -> {
        Attention attention = attention(samples, first.dim(1), second.dim(2), heads);
        yield v -> attention.gradient(v[a], v[b], v[out]);
      }
      case Op.Transpose(List<Integer> axes) -> {
        TransposeKernel transpose = new TransposeKernel(first, axes);
        yield v -> transpose.run(v[a], v[out]);
      }
      case Op.Concat(int axis) -> new ConcatKernel(program, inputs, out, axis);
      case Op.Slice(int axis, int from, int _) -> {
        AxisRows source = AxisRows.of(first, axis);
        AxisRows target = AxisRows.of(shape, axis);
        yield v -> source.copy(v[a], from, target, v[out], 0, target.length());
      }
      case Op.Pad(int axis, int before, int _) -> {
        AxisRows source = AxisRows.of(first, axis);
        AxisRows target = AxisRows.of(shape, axis);
        yield v -> {
          v[out].fill((byte) 0);
          source.copy(v[a], 0, target, v[out], before, source.length());
        };
      }
      case Op.Reduce(Op.Reduction reduction, int axis) -> {
        AxisKernels kernels = new AxisKernels(first, axis);
        yield switch (reduction) {
          case SUM -> v -> kernels.sum(v[a], v[out], 1);
          case MEAN -> v -> kernels.sum(v[a], v[out], 1f / first.dim(axis));
          case MAX -> v -> kernels.max(v[a], v[out]);
        };
      }
      case Op.ReduceMaxGradient(int axis) -> {
        AxisKernels kernels = new AxisKernels(first, axis);
        yield v -> kernels.maxGradient(v[a], v[c], v[out]);
      }
      case Op.Repeat(int axis, int times) -> {
        long outer = AxisRows.elements(shape, 0, axis);
        yield v -> AxisKernels.repeat(v[a], v[out], outer, times);
      }
      case Op.ArgMax _ -> v -> SelectionKernels.argMax(v[a], v[out], rows, n);
      case Op.Threshold(float at) -> v -> SelectionKernels.threshold(v[a], at, v[out], rows);
      case Op.Reshape _ ->
          v -> {
            if (v[a].address() != v[out].address()) { // else the memory plan made it a view
              MemorySegment.copy(v[a], 0, v[out], 0, v[out].byteSize());
            }
          };
    };
  }

  private Attention attention(int samples, int length, int width, int heads) {
    return attentions.computeIfAbsent(
        new Attention.Heads(samples, length, width, heads),
        shape -> primitives.attention().of(shape, owner));
  }

  private static Kernel product(Gemm.Product product, Instruction instruction) {
    int left = instruction.inputs().get(0);
    int right = instruction.inputs().get(1);
    int out = instruction.output();
    return v -> product.run(v[left], v[right], v[out]);
  }

  private int width(int id) {
    return Math.toIntExact(program.value(id).shape().elements());
  }
}
