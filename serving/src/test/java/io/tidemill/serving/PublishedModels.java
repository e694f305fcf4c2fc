package io.tidemill.serving;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelParameter;
import io.tidemill.model.ModelStore;
import io.tidemill.model.Publication;
import io.tidemill.model.Signature;
import io.tidemill.network.CausalSelfAttention;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Input;
import io.tidemill.network.LayerNorm;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.PositionEmbedding;
import io.tidemill.network.Relu;
import io.tidemill.network.Residual;
import io.tidemill.program.ParameterLayout;
import io.tidemill.program.Program;
import io.tidemill.program.ProgramJson;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Publishes real networks with seeded weights, and computes what they answer without a server. */
public final class PublishedModels {
  private static final int BATCH_ROWS = 16;

  private final Network network;
  private final Program program;
  private final List<String> labels;

  private PublishedModels(Network network, String... labels) {
    this.network = network;
    this.labels = List.of(labels);
    this.program = network.prediction(Loss.softmaxCrossEntropy());
  }

  /** A classifier of 4 features into 3 classes. */
  public static PublishedModels small() {
    return new PublishedModels(Network.sequential(Dense.of(4, 8), Relu.of(), Dense.of(8, 3)));
  }

  /** The classifier of 28 x 28 images that the examples train. */
  public static PublishedModels digits() {
    return new PublishedModels(
        Network.sequential(
            Dense.of(784, 512), Relu.of(), Dense.of(512, 256), Relu.of(), Dense.of(256, 10)));
  }

  /**
   * Writes texts of the letters a to e and newlines, sees eight of them, and has learnt nothing.
   */
  public static PublishedModels text() {
    return new PublishedModels(
        Network.sequential(
            Input.ofIds(8),
            Embedding.of(6, 8),
            PositionEmbedding.of(8, 8),
            Residual.of(LayerNorm.of(8).withoutBias(), CausalSelfAttention.of(8, 2)),
            Dense.of(8, 6)),
        "a",
        "b",
        "c",
        "d",
        "e",
        "\n");
  }

  /** Publishes the next version, with weights drawn by {@code seed}. */
  public void publish(ModelStore store, String name, long seed) {
    publish(store, name, seed, seed);
  }

  /** As above, as of another checkpoint: the same one is published once only. */
  public void publish(ModelStore store, String name, long seed, long checkpoint) {
    store.publish(
        new Publication(
            name,
            new Signature(program.inputSpecs(), program.outputSpecs()),
            labels,
            new Lineage(
                "job-of-" + name,
                "run-1",
                checkpoint,
                checkpoint * 100,
                seed * 25_600,
                Map.of("images", new TreeMap<>(Map.of("0", seed * 25_600))),
                "f1",
                "0.1.0",
                seed),
            Map.of(),
            parameters(),
            weights(arena(seed)),
            ProgramJson.write(program),
            "{}"));
  }

  /** The probabilities for one row, computed alone but for 15 rows of zeros on {@code device}. */
  public float[] probabilities(Device device, long seed, float[] row) {
    try (DeviceBuffer parameters = device.allocate(program.layout().floats());
        Execution execution = device.compile(program.bind(BATCH_ROWS)).newExecution()) {
      parameters.write(0, arena(seed));
      MemorySegment.copy(row, 0, execution.input("input"), ValueLayout.JAVA_FLOAT, 0, row.length);
      execution.run(parameters);
      float[] all = execution.output("probabilities").toArray(ValueLayout.JAVA_FLOAT);
      return Arrays.copyOf(all, all.length / BATCH_ROWS);
    }
  }

  private List<ModelParameter> parameters() {
    return network.layout().entries().stream()
        .map(
            entry ->
                new ModelParameter(entry.name(), entry.shape(), entry.isTrained(), entry.offset()))
        .toList();
  }

  private MemorySegment arena(long seed) {
    MemorySegment arena =
        Arena.ofAuto().allocate(network.layout().floats() * Float.BYTES, Float.BYTES);
    network.initialise(seed, arena);
    return arena;
  }

  private List<NamedTensor> weights(MemorySegment arena) {
    return network.layout().entries().stream().map(entry -> weight(entry, arena)).toList();
  }

  private static NamedTensor weight(ParameterLayout.Entry entry, MemorySegment arena) {
    MemorySegment data = arena.asSlice(entry.offset() * Float.BYTES, entry.floats() * Float.BYTES);
    return new NamedTensor(entry.name(), DataType.FLOAT32, entry.shape(), data);
  }
}
