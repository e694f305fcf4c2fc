package io.tidemill.benchmarks.train;

import io.tidemill.network.CausalSelfAttention;
import io.tidemill.network.Conv2d;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Gelu;
import io.tidemill.network.Input;
import io.tidemill.network.Layer;
import io.tidemill.network.LayerNorm;
import io.tidemill.network.Loss;
import io.tidemill.network.MaxPool2d;
import io.tidemill.network.Network;
import io.tidemill.network.PositionEmbedding;
import io.tidemill.network.Relu;
import io.tidemill.network.Reshape;
import io.tidemill.network.Residual;
import io.tidemill.network.Unembedding;
import io.tidemill.program.Optimizer;
import io.tidemill.train.Training;
import java.util.ArrayList;
import java.util.List;

/** Our side of the networks; {@code peers/cases.py} has the same numbers. */
final class Trainings {
  /** One a thread: a shard is computed by a single thread. */
  private static final int SHARDS = TrainBenchmark.THREADS;

  /** Of the GPT, whose activations stay nearer in twice as many (docs/results.md). */
  private static final int GPT_SHARDS = 2 * TrainBenchmark.THREADS;

  private static final float LEARNING_RATE = 1e-3f;
  private static final int IMAGES = 128;
  private static final int SEQUENCES = 12;
  private static final int LAYERS = 4;
  private static final int HEADS = 4;
  private static final int WIDTH = 128;

  private Trainings() {}

  /** 784-512-256-10. */
  static Training<ImageRow> mlp() {
    return images(
        Network.sequential(
            Dense.of(ImageRow.PIXELS, 512),
            Relu.of(),
            Dense.of(512, 256),
            Relu.of(),
            Dense.of(256, ImageRow.CLASSES)));
  }

  /** Two convolutions without padding, pooling, two dense layers. */
  static Training<ImageRow> cnn() {
    int pooled = (ImageRow.SIDE - 4) / 2;
    return images(
        Network.sequential(
            Input.of(ImageRow.PIXELS),
            Reshape.of(ImageRow.SIDE, ImageRow.SIDE, 1),
            Conv2d.of(1, 32, 3),
            Relu.of(),
            Conv2d.of(32, 64, 3),
            Relu.of(),
            MaxPool2d.of(2),
            Reshape.flat(),
            Dense.of(pooled * pooled * 64, 128),
            Relu.of(),
            Dense.of(128, ImageRow.CLASSES)));
  }

  /** The setting of nanoGPT for a processor: no dropout, no bias, tied embedding. */
  static Training<TokenRow> gpt() {
    List<Layer> layers = new ArrayList<>();
    layers.add(Input.ofIds(TokenRow.BLOCK));
    layers.add(Embedding.of(TokenRow.VOCABULARY, WIDTH));
    layers.add(PositionEmbedding.of(TokenRow.BLOCK, WIDTH));
    for (int i = 0; i < LAYERS; i++) {
      layers.add(Residual.of(norm(), CausalSelfAttention.of(WIDTH, HEADS)));
      layers.add(
          Residual.of(
              norm(),
              Dense.of(WIDTH, 4 * WIDTH).withoutBias(),
              Gelu.of(),
              Dense.of(4 * WIDTH, WIDTH).withoutBias()));
    }
    layers.add(norm());
    layers.add(Unembedding.of(TokenRow.VOCABULARY, WIDTH));
    return Training.of(Network.sequential(layers.toArray(Layer[]::new)), TokenRow.encoding())
        .loss(Loss.softmaxCrossEntropy())
        .optimizer(Optimizer.AdamW.of(LEARNING_RATE, 0.1f).withBetas(0.9f, 0.99f))
        .clipNorm(1)
        .globalBatch(SEQUENCES)
        .shards(GPT_SHARDS);
  }

  private static LayerNorm norm() {
    return LayerNorm.of(WIDTH).withoutBias();
  }

  private static Training<ImageRow> images(Network network) {
    return Training.of(network, ImageRow.encoding())
        .loss(Loss.softmaxCrossEntropy())
        .optimizer(Optimizer.Adam.of(LEARNING_RATE))
        .globalBatch(IMAGES)
        .shards(SHARDS);
  }
}
