package io.tidemill.benchmarks.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;
import java.util.function.Supplier;

/**
 * A network that both sides train; {@code peers/cases.py} says the same to peers.
 *
 * @param name for example {@code mlp}
 * @param description the network, the batch and the optimiser in a line
 * @param pipeline how we train it
 * @param peers whom it is trained beside
 */
record TrainCase(
    String name, String description, Supplier<CasePipeline<?>> pipeline, List<Peer> peers) {
  private static final Peer EAGER = Peer.pytorch("eager");
  private static final Peer FUSED = Peer.pytorch("fused");
  private static final Peer COMPILE = Peer.pytorch("compile");
  private static final Peer CHANNELS_LAST = Peer.pytorch("channels-last");

  /** Every case, in the order in which they are measured. */
  static final List<TrainCase> ALL =
      List.of(
          new TrainCase(
              "mlp",
              "784-512-256-10, batch 128, Adam",
              () -> new CasePipeline<>(ImageRow.class, ImageRow::of, Trainings.mlp()),
              List.of(EAGER, FUSED, COMPILE, Peer.jax())),
          new TrainCase(
              "cnn",
              "conv32-conv64-pool-fc128-fc10 on 28 x 28, batch 128, Adam",
              () -> new CasePipeline<>(ImageRow.class, ImageRow::of, Trainings.cnn()),
              List.of(EAGER, FUSED, CHANNELS_LAST, COMPILE, Peer.jax())),
          new TrainCase(
              "gpt",
              "4 layers, 4 heads, 128 wide, block 64, batch 12, vocabulary 65, AdamW",
              () -> new CasePipeline<>(TokenRow.class, TokenRow::of, Trainings.gpt()),
              List.of(EAGER, FUSED, COMPILE, Peer.jax())));

  static List<String> names() {
    return ALL.stream().map(TrainCase::name).toList();
  }

  static TrainCase named(String name) {
    return ALL.stream()
        .filter(one -> one.name.equals(name))
        .findFirst()
        .orElseThrow(
            () -> new EngineException(ErrorCode.INTERNAL, "unknown case of bench train: " + name));
  }
}
