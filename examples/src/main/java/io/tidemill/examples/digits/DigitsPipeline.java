package io.tidemill.examples.digits;

import io.tidemill.connector.Source;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.metric.Accuracy;
import io.tidemill.network.Conv2d;
import io.tidemill.network.Dense;
import io.tidemill.network.Dropout;
import io.tidemill.network.Input;
import io.tidemill.network.LayerNorm;
import io.tidemill.network.Loss;
import io.tidemill.network.MaxPool2d;
import io.tidemill.network.Network;
import io.tidemill.network.Parallelism;
import io.tidemill.network.Relu;
import io.tidemill.network.Reshape;
import io.tidemill.program.Optimizer;
import io.tidemill.train.Encoding;
import io.tidemill.train.Schedule;
import io.tidemill.train.Training;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Handwritten digits: images, a network, a classifier.
 *
 * <p>{@code model=mlp}, the default, is three dense layers; {@code model=cnn} two convolutions and
 * two dense layers, slower and better.
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
        (isConvolutional(params) ? convolutional(params) : dense(params))
            .loss(Loss.softmaxCrossEntropy())
            .schedule(Schedule.linear())
            .shards(params.integer("shards", isConvolutional(params) ? 8 : 4, 1))
            .parallel(Parallelism.parse(params.text("parallel", "data(1)")));
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

  private static boolean isConvolutional(Params params) {
    return params.choice("model", "mlp", "cnn").equals("cnn");
  }

  private static Training<LabelledImage> dense(Params params) {
    Network network =
        Network.sequential(
            LayerNorm.plain(),
            Dense.of(PIXELS, 512),
            Relu.of(),
            Dense.of(512, 256),
            Relu.of(),
            Dense.of(256, LabelledImage.CLASSES));
    return Training.of(network, encoding())
        .optimizer(Optimizer.Adam.of((float) params.positive("rate", 2e-3)))
        .globalBatch(params.integer("batch", 256, 1));
  }

  private static Training<LabelledImage> convolutional(Params params) {
    Network network =
        Network.sequential(
            Input.of(PIXELS),
            LayerNorm.plain(),
            Reshape.of(LabelledImage.SIDE, LabelledImage.SIDE, 1),
            Conv2d.of(1, 32, 3),
            Relu.of(),
            Conv2d.of(32, 64, 3),
            Relu.of(),
            MaxPool2d.of(2),
            Reshape.flat(),
            Dropout.of(0.25),
            Dense.of(12 * 12 * 64, 128).he(),
            Relu.of(),
            Dense.of(128, LabelledImage.CLASSES));
    return Training.of(network, encoding())
        .optimizer(Optimizer.Adam.of((float) params.positive("rate", 2e-3)))
        .globalBatch(params.integer("batch", 64, 1));
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
