package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.SignedLog1p;
import io.tidemill.network.Standardize;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BatchesTest {
  private static final Encoding<float[]> ROWS = Encoding.ofFloats(2, row -> row, _ -> 0);
  private static final float[][] SAMPLES = {
    {0, -3}, {1, 3}, {3, 100}, {1e6f, 0.5f}, {7, 2}, {15, 1}, {31, 0}
  };

  @TempDir Path folder;

  @Test
  void standardizeIsAdaptedToTheFeaturesAsTheLayersBeforeItLeaveThem() {
    Network network = Network.sequential(SignedLog1p.of(), Standardize.of(2), Dense.of(2, 1));

    float[] arena = adapted(network, 4, SAMPLES.length);

    for (int feature = 0; feature < 2; feature++) {
      double mean = 0;
      double meanOfSquares = 0;
      for (float[] sample : SAMPLES) {
        double log = Math.signum(sample[feature]) * Math.log1p(Math.abs(sample[feature]));
        mean += log / SAMPLES.length;
        meanOfSquares += log * log / SAMPLES.length;
      }
      double deviation = Math.sqrt(meanOfSquares - mean * mean);
      assertEquals(mean, at(network, arena, "standardize-1.mean", feature), 1e-5);
      assertEquals(1 / deviation, at(network, arena, "standardize-1.inverseStd", feature), 1e-5);
    }
  }

  @Test
  void standardizeThatComesFirstIsAdaptedToTheFeaturesThemselves() {
    Network network = Network.sequential(Standardize.of(2), Dense.of(2, 1));

    float[] arena = adapted(network, 4, 3);

    assertEquals((0 + 1 + 3) / 3f, at(network, arena, "standardize-1.mean", 0));
    assertEquals((-3 + 3 + 100) / 3f, at(network, arena, "standardize-1.mean", 1));
  }

  @Test
  void adaptationHasTheSameBitsHoweverTheRowsAreCut() {
    Network network = Network.sequential(SignedLog1p.of(), Standardize.of(2), Dense.of(2, 1));

    assertArrayEquals(adapted(network, 1, SAMPLES.length), adapted(network, 4, SAMPLES.length));
    assertArrayEquals(adapted(network, 1, SAMPLES.length), adapted(network, 100, SAMPLES.length));
  }

  @Test
  void padsTheLastStepWithRowsOfWeightZero() {
    Training<float[]> training = classes(label -> label).shards(2).globalBatch(4);
    try (SampleLog log = sealedLog(training.encoding());
        Device device = Devices.open("cpu");
        Execution execution = device.compile(training.program()).newExecution()) {
      Batches batches = new Batches(training, log, 1);

      batches.fill(0, 0, 1, execution);
      assertArrayEquals(new float[] {1f / 4, 1f / 4}, floats(execution, "weights"));
      assertArrayEquals(new float[] {3, 100, 1e6f, 0.5f}, floats(execution, "features"));
      assertArrayEquals(new int[] {2, 3}, labels(execution));

      batches.fill(1, 0, 0, execution);
      assertArrayEquals(new float[] {1f / 3, 1f / 3}, floats(execution, "weights"));

      batches.fill(1, 0, 1, execution);
      assertArrayEquals(new float[] {1f / 3, 0}, floats(execution, "weights"));
      assertArrayEquals(new float[] {31, 0, 0, 0}, floats(execution, "features"));
      assertArrayEquals(new int[] {6, 0}, labels(execution));
    }
  }

  @Test
  void readsEpochsOneAfterTheOtherWithoutAGap() {
    List<Integer> seen = seen(classes(label -> label).epochs(3), 1);

    assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6), seen);
  }

  @Test
  void showsEachSampleOnceInEachShuffledEpoch() {
    Training<float[]> training = classes(label -> label).epochs(3).shuffle();

    List<Integer> seen = seen(training, 1);

    assertEquals(21, seen.size());
    for (int epoch = 0; epoch < 3; epoch++) {
      List<Integer> ofEpoch = seen.subList(7 * epoch, 7 * epoch + 7);
      assertEquals(List.of(0, 1, 2, 3, 4, 5, 6), ofEpoch.stream().sorted().toList());
    }
    assertNotEquals(seen.subList(0, 7), seen.subList(7, 14));
    assertNotEquals(seen, seen(training, 2));
    assertEquals(seen, seen(training, 1));
  }

  @Test
  void refusesALabelThatIsNoClass() {
    String sentence = "loss: label out of range: expected a class from 0 to 6, found ";

    assertRefused(sentence + "7 at step=1 shard=1", classes(label -> label == 3 ? 7 : label));
    assertRefused(sentence + "-1 at step=2 shard=0", classes(label -> label == 4 ? -1 : label));
    assertRefused(sentence + "0.5 at step=1 shard=0", classes(label -> label == 1 ? 0.5 : label));
    assertRefused(
        sentence + "NaN at step=2 shard=1", classes(label -> label == 6 ? Double.NaN : 0));
  }

  @Test
  void refusesALabelThatIsNoProbability() {
    String sentence = "loss: label out of range: expected a number from 0 to 1, found ";

    assertRefused(sentence + "1.5 at step=1 shard=1", yesOrNo(label -> label == 2 ? 1.5 : 1));
    assertRefused(sentence + "-0.5 at step=2 shard=0", yesOrNo(label -> label == 5 ? -0.5 : 0));
    assertRefused(
        sentence + "NaN at step=2 shard=1", yesOrNo(label -> label == 6 ? Double.NaN : 0));
  }

  private void assertRefused(String sentence, Training<float[]> training) {
    EngineException failure = assertThrows(EngineException.class, () -> seen(training, 1));
    assertEquals(ErrorCode.INVALID_DATA, failure.code());
    assertEquals(sentence, failure.getMessage());
  }

  /** Trains for classes; the label of a sample is made from its index. */
  private static Training<float[]> classes(IntToDoubleFunction label) {
    return Training.of(Network.sequential(Dense.of(2, 7)), labelled(label));
  }

  private static Training<float[]> yesOrNo(IntToDoubleFunction label) {
    return Training.of(Network.sequential(Dense.of(2, 1)), labelled(label))
        .loss(Loss.binaryCrossEntropy());
  }

  private static Encoding<float[]> labelled(IntToDoubleFunction label) {
    return Encoding.ofFloats(2, row -> row, row -> label.applyAsDouble(indexOf(row[0])));
  }

  private static int indexOf(float firstFeature) {
    for (int i = 0; i < SAMPLES.length; i++) {
      if (SAMPLES[i][0] == firstFeature) {
        return i;
      }
    }
    throw new AssertionError("no sample begins with " + firstFeature);
  }

  /** Indices of the samples with a weight, over all steps of 4 samples in 2 shards. */
  private List<Integer> seen(Training<float[]> declared, long seed) {
    Training<float[]> training = declared.shards(2).globalBatch(4);
    List<Integer> indices = new ArrayList<>();
    try (SampleLog log = sealedLog(training.encoding());
        Device device = Devices.open("cpu");
        Execution execution = device.compile(training.program()).newExecution()) {
      Batches batches = new Batches(training, log, seed);
      for (long step = 0; step < batches.readySteps(); step++) {
        for (int shard = 0; shard < 2; shard++) {
          batches.fill(step, 0, shard, execution);
          float[] weights = floats(execution, "weights");
          for (int row = 0; row < 2; row++) {
            if (weights[row] > 0) {
              indices.add(indexOf(floats(execution, "features")[2 * row]));
            }
          }
        }
      }
    }
    return indices;
  }

  private SampleLog sealedLog(Encoding<float[]> encoding) {
    SampleLog log = new SampleLog(folder.resolve("sealed"), encoding.rowBytes());
    for (float[] sample : SAMPLES) {
      new RowWriter<>(encoding).write(sample, log.next());
      log.append();
    }
    log.seal();
    return log;
  }

  private static float[] floats(Execution execution, String input) {
    return execution.input(input).toArray(ValueLayout.JAVA_FLOAT);
  }

  private static int[] labels(Execution execution) {
    return execution.input("labels").toArray(ValueLayout.JAVA_INT);
  }

  /** A zeroed arena after adapting to the first {@code count} samples, in batches of one shard. */
  private float[] adapted(Network network, int shardRows, int count) {
    Training<float[]> training =
        Training.of(network, ROWS).loss(Loss.binaryCrossEntropy()).shards(1).globalBatch(shardRows);
    float[] arena = new float[Math.toIntExact(network.layout().floats())];
    try (SampleLog log = new SampleLog(folder.resolve("rows-" + shardRows), ROWS.rowBytes());
        Device device = Devices.open("cpu")) {
      for (float[] sample : SAMPLES) {
        new RowWriter<>(ROWS).write(sample, log.next());
        log.append();
      }
      new Batches(training, log, 1).adapt(count, device, MemorySegment.ofArray(arena));
    }
    return arena;
  }

  private static float at(Network network, float[] arena, String parameter, int feature) {
    return arena[Math.toIntExact(network.layout().entry(parameter).offset()) + feature];
  }
}
