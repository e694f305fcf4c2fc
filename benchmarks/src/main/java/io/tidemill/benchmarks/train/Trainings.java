package io.tidemill.benchmarks.train;

import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.program.Optimizer;
import io.tidemill.train.Training;

/** Our side of the networks; {@code peers/cases.py} has the same numbers. */
final class Trainings {
  /** One a thread: a shard is computed by a single thread. */
  private static final int SHARDS = TrainBenchmark.THREADS;

  private static final int BATCH = 128;
  private static final float LEARNING_RATE = 1e-3f;

  private Trainings() {}

  static Training<ImageRow> mlp() {
    return images(
        Network.sequential(
            Dense.of(ImageRow.PIXELS, 512),
            Relu.of(),
            Dense.of(512, 256),
            Relu.of(),
            Dense.of(256, ImageRow.CLASSES)));
  }

  private static Training<ImageRow> images(Network network) {
    return Training.of(network, ImageRow.encoding())
        .loss(Loss.softmaxCrossEntropy())
        .optimizer(Optimizer.Adam.of(LEARNING_RATE))
        .globalBatch(BATCH)
        .shards(SHARDS);
  }
}
