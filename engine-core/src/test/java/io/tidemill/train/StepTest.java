package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.network.BatchNorm;
import io.tidemill.network.Dense;
import io.tidemill.network.Dropout;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.program.Optimizer;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;

/** What a step does beside the plain update, with the same bits on any number of ranks. */
final class StepTest extends TinyTrainingCase {
  @Test
  void aClippedStepMovesAsFarAsTheNormAllows() {
    Training<float[]> training =
        steady(8).optimizer(Optimizer.Sgd.of(1)).globalBatch(24).clipNorm(0.01f);
    try (TinyTraining one = open(training, TinyTraining.samples(24), 1)) {
      one.workToTheEnd();

      assertEquals(0.01, distance(one.initialParameters(), one.parameters()), 1e-7);
    }
  }

  @Test
  void aGradientShorterThanTheNormIsLeftAsItIs() {
    List<float[]> samples = TinyTraining.samples(40);

    assertArrayEquals(trained(steady(4), samples), trained(steady(4).clipNorm(1e6f), samples));
  }

  @Test
  void clippingHasTheSameBitsOnAnyNumberOfRanks() {
    assertSameOnAnyNumberOfRanks(steady(8).clipNorm(0.5f), TinyTraining.samples(43));
    assertSameOnAnyNumberOfRanks(
        steady(4).optimizer(Optimizer.AdamW.of(0.1f, 0.5f)).clipNorm(0.5f),
        TinyTraining.samples(43));
  }

  @Test
  void microBatchesAddUpToOneLargeBatch() {
    List<float[]> samples = TinyTraining.samples(24);

    float[] large = trained(steady(4).globalBatch(24), samples);
    float[] accumulated = trained(steady(4).accumulate(3), samples);

    assertArrayEquals(large, accumulated, 1e-6f);
    assertFalse(Arrays.equals(trained(steady(4), samples), accumulated), "three steps instead");
  }

  @Test
  void aLastStepThatIsNotFullCountsOnlyItsSamples() {
    List<float[]> samples = TinyTraining.samples(13);

    float[] large = trained(steady(4).globalBatch(24), samples);

    assertArrayEquals(large, trained(steady(4).accumulate(3), samples), 1e-6f);
  }

  @Test
  void microBatchesHaveTheSameBitsOnAnyNumberOfRanks() {
    assertSameOnAnyNumberOfRanks(steady(8).accumulate(3), TinyTraining.samples(115));
  }

  /** Of the last step's 24 rows 14 are samples: its third micro-batch has none. */
  @Test
  void batchNormAndDropoutHaveTheSameBitsOnAnyNumberOfRanks() {
    Network network =
        Network.sequential(
            Dense.of(3, 5), BatchNorm.of(5), Relu.of(), Dropout.of(0.25), Dense.of(5, 3));
    Training<float[]> training =
        Training.of(network, TinyTraining.training(8).encoding())
            .optimizer(Optimizer.Adam.of(0.1f))
            .globalBatch(8)
            .shards(4)
            .accumulate(3)
            .epochs(2)
            .shuffle();
    List<float[]> samples = TinyTraining.samples(115);

    assertSameOnAnyNumberOfRanks(training, samples);
    assertFalse(Arrays.equals(trained(training, samples), trained(training.shards(2), samples)));
  }

  @Test
  void weightDecayIsForMatricesOnly() {
    Training<float[]> plain = steady(8).optimizer(Optimizer.Adam.of(1e-3f));
    Training<float[]> decaying = steady(8).optimizer(Optimizer.AdamW.of(1e-3f, 0.9f));
    List<float[]> one = TinyTraining.samples(8);

    float[] adam = trained(plain, one);
    float[] adamW = trained(decaying, one);

    // dense-1: weight [3, 5] at 0, bias [5] at 16; dense-2: weight [5, 3] at 32, bias [3] at 48.
    assertArrayEquals(Arrays.copyOfRange(adam, 16, 32), Arrays.copyOfRange(adamW, 16, 32));
    assertArrayEquals(Arrays.copyOfRange(adam, 48, 64), Arrays.copyOfRange(adamW, 48, 64));
    float[] initial = initial(plain);
    for (int i : new int[] {0, 7, 14, 32, 46}) {
      assertEquals(adam[i] - 0.9e-3f * initial[i], adamW[i], 1e-7f, "weight " + i);
    }
  }

  @Test
  void aSkippedStepLeavesNoTrace() {
    List<float[]> samples = TinyTraining.samples(48);
    Training<float[]> training = steady(8).onNonFinite(NonFinite.SKIP_STEP);
    float[] expected = trained(training, without(samples, 16, 32));
    samples.set(20, new float[] {0, Float.NaN, 0});
    samples.set(24, new float[] {Float.POSITIVE_INFINITY, 0, 0});

    assertArrayEquals(expected, trained(training, samples));
    assertSameOnAnyNumberOfRanks(training, samples);
    assertEquals(2, skipped(training, samples, StepTest::never));
  }

  @Test
  void weightsThatWentTooFarStayFinite() {
    List<float[]> samples = TinyTraining.samples(16);
    Training<float[]> training =
        steady(8).onNonFinite(NonFinite.SKIP_STEP).optimizer(Optimizer.Sgd.of(1e37f));

    try (TinyTraining one = open(training, samples, 1)) {
      one.workToTheEnd();

      for (float number : one.parameters()) {
        assertEquals(true, Float.isFinite(number));
      }
      assertEquals(1, one.progress().skippedSteps(), "the step after the one that went too far");
    }
  }

  @Test
  void rollingBackTakesTheBatchesSinceTheCheckpointAway() {
    List<float[]> samples = TinyTraining.samples(64);
    Training<float[]> training = steady(8).onNonFinite(NonFinite.ROLL_BACK);
    LongPredicate everyThirdStep = step -> step % 3 == 0;
    // Steps 1 to 3, a checkpoint, 4 and 5 taken back, 6, a checkpoint, 7 and 8.
    float[] expected = trained(training, without(samples, 24, 40));
    samples.set(36, new float[] {0, Float.NaN, 0});

    assertArrayEquals(expected, trained(training, samples, 1, everyThirdStep));
    assertSameOnAnyNumberOfRanks(training, samples, everyThirdStep);
    assertEquals(2, skipped(training, samples, everyThirdStep));
  }

  @Test
  void rollingBackBeforeAnyCheckpointStartsFromTheFirstWeights() {
    List<float[]> samples = TinyTraining.samples(40);
    Training<float[]> training = steady(8).onNonFinite(NonFinite.ROLL_BACK);
    float[] expected = trained(training, without(samples, 0, 24));
    samples.set(16, new float[] {0, Float.NaN, 0});

    assertArrayEquals(expected, trained(training, samples));
    assertEquals(3, skipped(training, samples, StepTest::never));
  }

  @Test
  void stopNamesStepShardAndTheFirstThatIsNotFinite() {
    List<float[]> samples = TinyTraining.samples(40);
    samples.set(19, new float[] {0, Float.NaN, 0});

    assertFails(
        "the loss is NaN at step=3 shard=1: input features holds NaN; lower the learning rate, or"
            + " look for NaN and infinities in the features",
        steady(4),
        samples);
    assertFails(
        "the loss is NaN at step=2 shard=0: dense-2 gives -Infinity; lower the learning rate, or"
            + " look for NaN and infinities in the features",
        steady(4).optimizer(Optimizer.Sgd.of(1e38f)),
        TinyTraining.samples(40));
  }

  @Test
  void skippingForEverIsAFailure() {
    List<float[]> samples = TinyTraining.samples(160);
    samples.subList(8, 160).replaceAll(_ -> new float[] {0, Float.NaN, 0});

    assertFails(
        "the loss is NaN at step=12 shard=0: input features holds NaN; 10 steps before it were"
            + " skipped; lower the learning rate, or look for NaN and infinities in the features",
        steady(4).onNonFinite(NonFinite.SKIP_STEP),
        samples);
    assertFails(
        "the loss is NaN at step=12 shard=0: input features holds NaN; training has gone back 10"
            + " times to the state after step 0; lower the learning rate, or look for NaN and"
            + " infinities in the features",
        steady(4).onNonFinite(NonFinite.ROLL_BACK),
        samples);
  }

  /** Steps of 8 samples, read once in order at one rate, so that leaving a batch out is a skip. */
  private static Training<float[]> steady(int shards) {
    return Training.of(TinyTraining.training(8).network(), TinyTraining.training(8).encoding())
        .optimizer(Optimizer.Adam.of(0.1f))
        .globalBatch(8)
        .shards(shards);
  }

  private void assertFails(String sentence, Training<float[]> training, List<float[]> samples) {
    for (int ranks = 1; ranks <= 3; ranks += 2) {
      try (TinyTraining failing = open(training, samples, ranks)) {
        assertEquals(
            sentence, assertThrows(EngineException.class, failing::workToTheEnd).getMessage());
      }
    }
  }

  private long skipped(
      Training<float[]> training, List<float[]> samples, LongPredicate checkpointDue) {
    try (TinyTraining one = open(training, samples, 1, checkpointDue)) {
      one.workToTheEnd();
      return one.progress().skippedSteps();
    }
  }

  private float[] initial(Training<float[]> training) {
    return training.network().initialParameters(42);
  }

  private static double distance(float[] from, float[] to) {
    double squares = 0;
    for (int i = 0; i < from.length; i++) {
      squares += Math.pow((double) to[i] - from[i], 2);
    }
    return Math.sqrt(squares);
  }
}
