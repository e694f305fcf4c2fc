package io.tidemill.benchmarks.train;

import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.List;

/**
 * A network that both sides train; {@code peers/cases.py} says the same to peers.
 *
 * @param name for example {@code mlp}
 * @param pipeline how we train it
 * @param peers whom it is trained beside
 */
record TrainCase(String name, PipelineDefinition pipeline, List<Peer> peers) {
  static List<TrainCase> all() {
    return List.of(mlp());
  }

  static List<String> names() {
    return all().stream().map(TrainCase::name).toList();
  }

  static TrainCase named(String name) {
    return all().stream()
        .filter(one -> one.name.equals(name))
        .findFirst()
        .orElseThrow(
            () -> new EngineException(ErrorCode.INTERNAL, "unknown case of bench train: " + name));
  }

  /** 784-512-256-10, batch 128, Adam. */
  private static TrainCase mlp() {
    return new TrainCase(
        "mlp",
        new CasePipeline<>(ImageRow.class, ImageRow::of, Trainings.mlp()),
        List.of(Peer.pytorch("eager"), Peer.pytorch("fused"), Peer.pytorch("compile"), Peer.jax()));
  }
}
