package io.tidemill.examples.digits;

import io.tidemill.connector.Source;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.metric.Accuracy;
import io.tidemill.network.Dense;
import io.tidemill.network.LayerNorm;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.program.Optimizer;
import io.tidemill.train.Encoding;
import io.tidemill.train.Schedule;
import io.tidemill.train.Training;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Handwritten digits: images, a network of three dense layers, a classifier.
 *
 * <p>{@code data=DIR} holds the four MNIST files, packed or not, which are read {@code epochs}
 * times; without it digits are drawn without end, for {@code steps} steps. Each image is brought to
 * mean 0 and deviation 1 in the network itself, so a client may send pixels from 0 to 1 or from 0
 * to 255.
 */
public final class DigitsPipeline implements PipelineDefinition {
  private static final int PIXELS = 784;
  private static final List<String> LABELS =
      List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
  private static final long GENERATED_TEST_IMAGES = 2_000;

  @Override
  public void define(Pipeline p, Params params) {
    Optional<Path> data = params.path("data");
    Training<LabelledImage> training =
        Training.of(network(), encoding())
            .loss(Loss.softmaxCrossEntropy())
            .optimizer(Optimizer.Adam.of((float) params.positive("rate", 2e-3)))
            .schedule(Schedule.linear())
            .globalBatch(params.integer("batch", 256, 1))
            .shards(params.integer("shards", 8, 1));
    training =
        data.isPresent()
            ? training.epochs(params.integer("epochs", 3, 1)).shuffle()
            : training.steps(params.whole("steps", 400, 1));
    p.source("images", images(data, params.seed()))
        .train("classifier", training)
        .evaluate(
            "test",
            p.source("test-images", testImages(data, params.seed())),
            new Accuracy<>("testAccuracy", LabelledImage::label))
        .publish("publish", "digits", LABELS);
  }

  private static Network network() {
    return Network.sequential(
        LayerNorm.plain(),
        Dense.of(PIXELS, 512),
        Relu.of(),
        Dense.of(512, 256),
        Relu.of(),
        Dense.of(256, 10));
  }

  private static Encoding<LabelledImage> encoding() {
    return Encoding.ofBytes(PIXELS, LabelledImage::pixels, LabelledImage::label);
  }

  private static Source<LabelledImage> images(Optional<Path> data, long seed) {
    return data.<Source<LabelledImage>>map(folder -> LabelledImage.idx(folder, "train"))
        .orElseGet(() -> new DigitGenerator(seed).images());
  }

  /** Never seen in training: other files, or another seed. */
  private static Source<LabelledImage> testImages(Optional<Path> data, long seed) {
    return data.<Source<LabelledImage>>map(folder -> LabelledImage.idx(folder, "t10k"))
        .orElseGet(() -> new DigitGenerator(~seed).images(GENERATED_TEST_IMAGES));
  }
}
