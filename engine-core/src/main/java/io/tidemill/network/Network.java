package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Differentiation;
import io.tidemill.program.ParameterLayout;
import io.tidemill.program.ParameterPart;
import io.tidemill.program.Program;
import io.tidemill.program.ProgramBuilder;
import io.tidemill.program.StageCut;
import io.tidemill.program.TensorSplit;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A stack of layers, traced into programs for training and for inference.
 *
 * <p>Immutable. All programs of a network have the same parameters in the same {@link
 * ParameterLayout}. Shapes are checked when the network is made, so a mismatch is an error at
 * submission that names the layer.
 */
public final class Network {
  /**
   * The input [3] int64 (seed, step, shard) of training programs that draw random numbers; other
   * programs do not have it.
   */
  public static final String RANDOM_KEY = "randomKey";

  /** A layer under the name that it has in this network. */
  private record Named(String name, Layer layer) {}

  private final List<Named> layers;
  private final Shape inputShape;
  private final Map<String, Initializer> initializers;
  private final Parallelism parallelism;

  /** Of the parameters that are split. */
  private final Map<String, ParameterPart> parts;

  private final Program inference;

  /** The layers before the first that has parameters. */
  private final List<Named> preparing;

  private Network(List<Named> layers, Parallelism parallelism) {
    this.layers = List.copyOf(layers);
    this.parallelism = parallelism;
    this.inputShape = findInputShape();
    Tracing tracing = new Tracing(false);
    Value output = traceLayers(tracing, "input", layers);
    TensorSplit.Result split = split(tracing.builder().output("output", output).build());
    this.inference = split.program();
    this.parts = split.parts();
    this.initializers = Map.copyOf(tracing.initializers());
    this.preparing = List.copyOf(layers.subList(0, findFirstWithParameters()));
    checkAdaptations();
    if (parallelism.tensor() > 1 && parts.isEmpty()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s finds nothing to split: it takes pairs of matrix products, with a bias, elementwise layers or attention between, whose inner width it divides"
              .formatted(Parallel.tensor(parallelism.tensor())));
    }
  }

  /** The layers one after the other, named by kind and count: dense-1, relu-1, dense-2. */
  public static Network sequential(Layer... layers) {
    if (layers.length == 0) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "a network needs at least one layer, found none");
    }
    Map<String, Integer> counts = new HashMap<>();
    List<Named> named = new ArrayList<>();
    for (Layer layer : layers) {
      String name = layer.kind() + "-" + counts.merge(layer.kind(), 1, Integer::sum);
      named.add(new Named(name, layer));
    }
    return new Network(named, Parallelism.NONE);
  }

  /**
   * This network shared by the places of a parallelism: its parameters are in parts where the
   * matrix products are split, and the instructions of {@link #training} are each at a place.
   */
  public Network parallel(Parallelism other) {
    return new Network(layers, other);
  }

  public Parallelism parallelism() {
    return parallelism;
  }

  /** What it takes, for example [*, 784]. */
  public Shape inputShape() {
    return inputShape;
  }

  /** FLOAT32 for numbers, INT32 for ids. */
  public DataType inputType() {
    return layers.getFirst().layer().inputType();
  }

  /** What it gives, for example [*, 10]. */
  public Shape outputShape() {
    return inference.outputSpecs().getFirst().shape();
  }

  /** Where its parameters lie in the arena. */
  public ParameterLayout layout() {
    return inference.layout();
  }

  /** The open program from {@code input} to {@code output}. */
  public Program inference() {
    return inference;
  }

  /** The open program from {@code input} to {@code probabilities} and {@code label} (int64). */
  public Program prediction(Loss loss) {
    Tracing tracing = new Tracing(false);
    loss.traceHead(tracing.builder(), traceLayers(tracing, "input", layers));
    return split(tracing.builder().build()).program();
  }

  /**
   * The program of one shard of a training step: {@code features}, {@code labels}, {@code weights}
   * to {@code loss}, {@code output} and the gradients.
   */
  public Program training(Loss loss, int rows) {
    Program staged = StageCut.apply(withLoss(loss, true), rows, parallelism.pipeline());
    Program placed = TensorSplit.apply(staged, parallelism.tensor()).program();
    return Differentiation.of(placed, "loss").bind(rows);
  }

  /** Like {@link #training}, without gradients: for measuring on held-out data. */
  public Program evaluation(Loss loss, int rows) {
    return split(withLoss(loss, false)).program().bind(rows);
  }

  /** Writes the parameters that training begins with into a host copy of the arena. */
  public void initialise(long seed, MemorySegment arena) {
    for (ParameterLayout.Entry entry : layout().entries()) {
      MemorySegment target =
          arena.asSlice(entry.offset() * Float.BYTES, entry.floats() * Float.BYTES);
      Optional.ofNullable(parts.get(entry.name()))
          .ifPresentOrElse(
              part -> initialise(seed, part, target),
              () -> initialise(seed, entry.name(), entry.shape(), target));
    }
  }

  /** A part begins as it would if the whole were not split. */
  private void initialise(long seed, ParameterPart part, MemorySegment target) {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment whole = scratch.allocate(ValueLayout.JAVA_FLOAT, part.shape().elements());
      initialise(seed, part.whole(), part.shape(), whole);
      part.take(whole, target);
    }
  }

  private void initialise(long seed, String name, Shape shape, MemorySegment target) {
    initializers.get(name).fill(seed, name, shape, target);
  }

  /** A program whose parameters are in the parts that this network has. */
  private TensorSplit.Result split(Program program) {
    TensorSplit.Result split = TensorSplit.apply(program, parallelism.tensor());
    return new TensorSplit.Result(split.program().atOnePlace(), split.parts());
  }

  /** The parameters that training begins with, in the layout of the arena. */
  public float[] initialParameters(long seed) {
    float[] arena = new float[Math.toIntExact(layout().floats())];
    initialise(seed, MemorySegment.ofArray(arena));
    return arena;
  }

  /** What must see {@link #preparation} of the data before the first step; new at each call. */
  public Optional<Adaptation> adaptation() {
    return layers.stream()
        .map(named -> named.layer().adaptation(named.name()))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /**
   * The open program from {@code features} to {@code prepared}: the layers before the first that
   * has parameters, so it is the same before and after training.
   */
  public Program preparation() {
    Tracing tracing = new Tracing(false);
    Value prepared = traceLayers(tracing, "features", preparing);
    return tracing.builder().output("prepared", prepared).build();
  }

  private Program withLoss(Loss loss, boolean training) {
    Tracing tracing = new Tracing(training);
    Value output = traceLayers(tracing, "features", layers);
    ProgramBuilder builder = tracing.builder();
    Value labels = builder.input("labels", loss.labelType(), loss.labelShape(output.shape()));
    builder.output("loss", loss.trace(builder, output, labels, tracing.weights()));
    return builder.output("output", output).build();
  }

  private Value traceLayers(Tracing tracing, String input, List<Named> traced) {
    Value value = tracing.builder().input(input, inputType(), inputShape);
    for (Named named : traced) {
      value = named.layer().trace(new LayerTracer(named.name(), tracing), value);
    }
    return value;
  }

  /** The position of that layer; the names of its parameters begin with its own. */
  private int findFirstWithParameters() {
    for (int i = 0; i < layers.size(); i++) {
      String name = layers.get(i).name();
      if (initializers.keySet().stream().anyMatch(parameter -> isOf(parameter, name))) {
        return i;
      }
    }
    return layers.size();
  }

  private static boolean isOf(String parameter, String layer) {
    return parameter.startsWith(layer + ".") || parameter.startsWith(layer + "/");
  }

  private void checkAdaptations() {
    for (int i = preparing.size() + 1; i < layers.size(); i++) {
      Named named = layers.get(i);
      if (named.layer().adaptation(named.name()).isPresent()) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            named.name()
                + " is adapted to the features before training begins, so it must be the first"
                + (" layer with parameters: found " + layers.get(preparing.size()).name())
                + " before it");
      }
    }
  }

  /** The shape that the first layer with a will of its own takes; those before it keep shapes. */
  private Shape findInputShape() {
    return layers.stream()
        .map(named -> named.layer().input())
        .flatMap(Optional::stream)
        .findFirst()
        .orElseThrow(
            () ->
                new EngineException(
                    ErrorCode.INVALID_ARGUMENT,
                    "no layer says what the network takes: begin it with an Input layer"));
  }
}
