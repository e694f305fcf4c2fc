package io.tidemill.benchmarks.serve;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.dsl.Params;
import io.tidemill.local.JobListener;
import io.tidemill.local.JobOptions;
import io.tidemill.local.LocalJob;
import io.tidemill.model.ModelStore;
import io.tidemill.model.StoredModel;
import io.tidemill.network.Dense;
import io.tidemill.network.Layer;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.program.Optimizer;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.train.Encoding;
import io.tidemill.train.Training;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A multilayer perceptron over {@link Digit}s that a short training has published, and what it has
 * to answer, worked out here in float64 from its weights.
 *
 * @param state directory whose model store has it
 * @param stored version 1
 * @param layers its dense layers in order, with a ReLU between
 */
record ServedModel(Path state, StoredModel stored, List<Layered> layers) {
  static final String NAME = "mlp";

  /** Names of what every such model takes and gives. */
  static final String INPUT = "input";

  static final String LABEL = "label";
  static final String PROBABILITIES = "probabilities";

  private static final long SEED = 1;
  private static final int STEPS = 20;
  private static final int BATCH = 64;

  ServedModel {
    layers = List.copyOf(layers);
  }

  /**
   * A dense layer.
   *
   * @param weight [in, out] float32, row-major
   * @param bias [out] float32
   */
  record Layered(int in, int out, float[] weight, float[] bias) {
    double[] apply(double[] x) {
      double[] y = new double[out];
      for (int j = 0; j < out; j++) {
        y[j] = bias[j];
      }
      for (int i = 0; i < in; i++) {
        for (int j = 0; j < out; j++) {
          y[j] += x[i] * weight[i * out + j];
        }
      }
      return y;
    }
  }

  /**
   * Trains and publishes one.
   *
   * @param state a new state directory
   * @param hidden widths of the layers between
   */
  static ServedModel publish(Path state, int... hidden) {
    LocalJob.define(
            (pipeline, _) ->
                pipeline
                    .source(
                        "digits",
                        GeneratedSource.bounded(Digit.class, Digit::of, (long) STEPS * BATCH))
                    .train(NAME, training(hidden))
                    .publish("publish", NAME, List.of()),
            new Params(Map.of(), SEED),
            JobOptions.of(NAME, "bench", state).withDevice("cpu").withSeed(SEED))
        .run(new JobListener() {});
    return of(state, ModelStore.in(state).latest(NAME));
  }

  private static Training<Digit> training(int... hidden) {
    List<Layer> layers = new ArrayList<>();
    int in = Digit.PIXELS;
    for (int width : hidden) {
      layers.add(Dense.of(in, width));
      layers.add(Relu.of());
      in = width;
    }
    layers.add(Dense.of(in, Digit.CLASSES));
    return Training.of(
            Network.sequential(layers.toArray(Layer[]::new)),
            Encoding.ofFloats(Digit.PIXELS, Digit::pixels, Digit::label))
        .loss(Loss.softmaxCrossEntropy())
        .optimizer(Optimizer.Adam.of(1e-3f))
        .globalBatch(BATCH);
  }

  /** Reads the layers of a version: a weight and a bias each. */
  static ServedModel of(Path state, StoredModel stored) {
    List<Layered> layers = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      List<NamedTensor> weights = stored.weights(arena);
      for (int i = 0; i < weights.size(); i += 2) {
        NamedTensor weight = weights.get(i);
        layers.add(
            new Layered(
                Math.toIntExact(weight.shape().dim(0)),
                Math.toIntExact(weight.shape().dim(1)),
                floats(weight.data()),
                floats(weights.get(i + 1).data())));
      }
    }
    return new ServedModel(state, stored, layers);
  }

  /** A probability for each class. */
  double[] probabilities(float[] pixels) {
    double[] x = new double[pixels.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = pixels[i];
    }
    for (int layer = 0; layer < layers.size(); layer++) {
      x = layers.get(layer).apply(x);
      for (int i = 0; i < x.length && layer < layers.size() - 1; i++) {
        x[i] = Math.max(0, x[i]);
      }
    }
    return softmax(x);
  }

  /** The probabilities about the first digit, with blanks between. */
  String expected() {
    return Arrays.stream(probabilities(Digit.of(0).pixels()))
        .mapToObj(Double::toString)
        .collect(Collectors.joining(" "));
  }

  private static double[] softmax(double[] logits) {
    double most = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      most = Math.max(most, logit);
    }
    double sum = 0;
    double[] shares = new double[logits.length];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = Math.exp(logits[i] - most);
      sum += shares[i];
    }
    for (int i = 0; i < shares.length; i++) {
      shares[i] /= sum;
    }
    return shares;
  }

  private static float[] floats(MemorySegment data) {
    return data.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }
}
