package io.tidemill.network;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.program.Differentiation;
import io.tidemill.program.Op;
import io.tidemill.program.ParameterLayout;
import io.tidemill.program.ParameterRole;
import io.tidemill.program.Program;
import io.tidemill.program.ProgramBuilder;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.SafeTensors;
import io.tidemill.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One file of {@code layers.py}: a layer or a loss, what goes in, and what has to come out.
 *
 * <p>The gradient of the input is wanted too, so numbers that go in are a parameter {@code p}
 * [rows, n] of the program, and the layer sees {@code identity p}: open in its rows as in training,
 * and the same bits. Behind a layer stands a loss whose gradient with respect to the output is
 * {@code upstream}: huber(sum(output * upstream)) far out on its straight part, where its slope is
 * 1.
 */
record PyTorchFixture(SafeTensors file) {
  private static final String LAYER = "layer";
  private static final String INPUT = "input";
  private static final String UPSTREAM = "upstream";
  private static final String LABELS = "labels";
  private static final String IDENTITY = "identity";
  private static final String WEIGHTS = "weights";
  private static final String GRADIENT = "gradient.";
  private static final float FAR_OUT = -1e9f;

  static PyTorchFixture read(Path path, Arena arena) {
    return new PyTorchFixture(SafeTensors.copy(path, arena));
  }

  /** What was computed, by the names of the file. */
  record Computed(Map<String, float[]> tensors) {}

  /** What has to come out. */
  Map<String, NamedTensor> expected() {
    Map<String, NamedTensor> expected = new TreeMap<>();
    for (NamedTensor tensor : file.tensors()) {
      String name = tensor.name();
      if (name.equals("output") || name.equals("loss") || name.startsWith(GRADIENT)) {
        expected.put(name, tensor);
      }
    }
    return expected;
  }

  Computed run(Device device) {
    Program program =
        Differentiation.of(file.metadata().containsKey(LAYER) ? ofLayer() : ofLoss(), "loss")
            .bind(rows());
    long floats = program.layout().floats();
    try (Execution execution = device.compile(program).newExecution();
        DeviceBuffer parameters = device.allocate(floats);
        DeviceBuffer gradients = device.allocate(floats);
        Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(floats * Float.BYTES, 64);
      fillParameters(program.layout(), host);
      parameters.write(0, host);
      fillInputs(program, execution);
      execution.run(parameters, gradients);
      gradients.read(0, host);
      return results(program, execution, host);
    }
  }

  private Program ofLayer() {
    Tracing tracing = new Tracing(true);
    ProgramBuilder builder = tracing.builder();
    Value output = layer().trace(new LayerTracer(LAYER, tracing), input(builder));
    builder.layer("test").output("output", output);
    Value upstream = builder.input(UPSTREAM, DataType.FLOAT32, output.shape());
    Value product = builder.apply(new Op.Mul(), output, upstream);
    int perRow = Math.toIntExact(output.shape().withRows(1).elements());
    Value flat = builder.apply(new Op.Reshape(List.of(perRow)), product);
    Value sum = builder.apply(new Op.Reduce(Op.Reduction.SUM, 1), flat);
    Value column = builder.apply(new Op.Reshape(List.of(1)), sum);
    Value labels = builder.input(LABELS, DataType.FLOAT32, Shape.of(Shape.ANY));
    return builder
        .output("loss", builder.apply(new Op.Huber(1), column, labels, tracing.weights()))
        .build();
  }

  private Program ofLoss() {
    Tracing tracing = new Tracing(true);
    ProgramBuilder builder = tracing.builder();
    Value output = input(builder);
    Loss loss = loss();
    Value labels = builder.input(LABELS, loss.labelType(), loss.labelShape(output.shape()));
    return builder.output("loss", loss.trace(builder, output, labels, tracing.weights())).build();
  }

  /** Ids as they are; numbers through the identity. */
  private Value input(ProgramBuilder builder) {
    NamedTensor input = file.tensor(INPUT);
    int[] dims = input.shape().dims();
    if (input.type() == DataType.INT32) {
      dims[0] = Shape.ANY;
      return builder.input(INPUT, DataType.INT32, Shape.of(dims));
    }
    Shape matrix = Shape.of(rows(), Math.toIntExact(input.shape().elements() / rows()));
    Value parameter = builder.parameter(INPUT, matrix, ParameterRole.TRAINED);
    Value identity = builder.input(IDENTITY, DataType.FLOAT32, Shape.of(Shape.ANY, rows()));
    Value product = builder.apply(new Op.MatMul(false, false), identity, parameter);
    return builder.apply(new Op.Reshape(Arrays.stream(dims).skip(1).boxed().toList()), product);
  }

  private int rows() {
    return file.tensor(INPUT).shape().dim(0);
  }

  private void fillParameters(ParameterLayout layout, MemorySegment arena) {
    for (ParameterLayout.Entry entry : layout.entries()) {
      if (entry.isTrained()) {
        String name = ownName(entry);
        NamedTensor tensor = file.tensor(name.equals(INPUT) ? name : "parameter." + name);
        MemorySegment.copy(
            tensor.data(), 0, arena, entry.offset() * Float.BYTES, entry.floats() * Float.BYTES);
      }
    }
  }

  private void fillInputs(Program program, Execution execution) {
    for (Value.Input input : program.inputs()) {
      MemorySegment memory = execution.input(input.name());
      if (file.contains(input.name())) {
        memory.copyFrom(file.tensor(input.name()).data());
        continue;
      }
      switch (input.name()) {
        case IDENTITY -> fill(memory, rows() + 1, 1);
        case WEIGHTS -> fill(memory, 1, 1);
        case LABELS -> fill(memory, 1, FAR_OUT);
        case Network.RANDOM_KEY -> fillRandomKey(memory);
        default -> throw new AssertionError("the file has no " + input.name());
      }
    }
  }

  private Computed results(Program program, Execution execution, MemorySegment gradients) {
    Map<String, float[]> results = new TreeMap<>();
    for (ParameterLayout.Entry entry : program.layout().entries()) {
      if (entry.isTrained()) {
        MemorySegment gradient =
            gradients.asSlice(entry.offset() * Float.BYTES, entry.floats() * Float.BYTES);
        results.put(GRADIENT + ownName(entry), gradient.toArray(ValueLayout.JAVA_FLOAT));
      }
    }
    String output = file.metadata().containsKey(LAYER) ? "output" : "loss";
    results.put(output, execution.output(output).toArray(ValueLayout.JAVA_FLOAT));
    return new Computed(results);
  }

  /** As the file has it: without the name of the layer. */
  private static String ownName(ParameterLayout.Entry entry) {
    return entry.name().replaceFirst("^" + LAYER + "[./]", "");
  }

  private static void fill(MemorySegment memory, int stride, float number) {
    for (long i = 0; i < memory.byteSize() / Float.BYTES; i += stride) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, number);
    }
  }

  private void fillRandomKey(MemorySegment memory) {
    List<String> parts = List.of("seed", "step", "shard");
    for (int i = 0; i < parts.size(); i++) {
      long part = Long.parseLong(file.metadata().get(parts.get(i)));
      memory.setAtIndex(ValueLayout.JAVA_LONG, i, part);
    }
  }

  /** An embedding and, behind a bend, the scores by its table. */
  private record Tied(int count, int width) implements Layer {
    @Override
    public String kind() {
      return "tied";
    }

    @Override
    public Value trace(LayerTracer tracer, Value input) {
      String embedding = tracer.name() + "/embedding-1";
      Layer scores = new Unembedding(embedding, count, width);
      return tracer.nested(List.of(Embedding.of(count, width), Tanh.of(), scores), input);
    }
  }

  private Layer layer() {
    String kind = file.metadata().get(LAYER);
    return switch (kind) {
      case "dense" -> Dense.of(number("in"), number("out"));
      case "conv" ->
          Conv2d.of(number("in"), number("out"), number("kernel"))
              .stride(number("stride"))
              .padding(number("padding"))
              .groups(number("groups"));
      case "max-pool" ->
          MaxPool2d.of(number("window")).stride(number("stride")).padding(number("padding"));
      case "average-pool" ->
          AveragePool2d.of(number("window")).stride(number("stride")).padding(number("padding"));
      case "global-average-pool" -> GlobalAveragePool.of();
      case "global-max-pool" -> GlobalMaxPool.of();
      case "batch-norm" -> BatchNorm.of(number("features"));
      case "layer-norm" -> LayerNorm.of(number("features"));
      case "rms-norm" -> RmsNorm.of(number("features"));
      case "embedding" -> Embedding.of(number("count"), number("width"));
      case "position-embedding" -> PositionEmbedding.of(number("length"), number("width"));
      case "attention" -> CausalSelfAttention.of(number("width"), number("heads"));
      case "crop" -> Crop.of(number("height"), number("width"));
      case "reshape" -> Reshape.of(number("rows"), number("width"));
      case "reshape-flat" -> Reshape.flat();
      case "dropout" -> Dropout.of(Double.parseDouble(file.metadata().get("rate")));
      case "tied" -> new Tied(number("count"), number("width"));
      case "gelu" -> Gelu.of();
      case "silu" -> Silu.of();
      case "tanh" -> Tanh.of();
      case "relu" -> Relu.of();
      case "sigmoid" -> Sigmoid.of();
      case "softmax" -> Softmax.of();
      case "residual" -> Residual.of(Relu.of(), Dense.of(number("width"), number("width")));
      default -> throw new AssertionError("no layer is called " + kind);
    };
  }

  private Loss loss() {
    String kind = file.metadata().get("loss");
    return switch (kind) {
      case "softmax-cross-entropy" -> Loss.softmaxCrossEntropy();
      case "binary-cross-entropy" -> Loss.binaryCrossEntropy();
      case "mean-squared-error" -> Loss.meanSquaredError();
      case "huber" -> Loss.huber(Double.parseDouble(file.metadata().get("delta")));
      default -> throw new AssertionError("no loss is called " + kind);
    };
  }

  private int number(String key) {
    return Integer.parseInt(file.metadata().get(key));
  }
}
