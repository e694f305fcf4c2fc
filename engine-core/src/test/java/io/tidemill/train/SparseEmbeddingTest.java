package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.error.EngineException;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Input;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Reshape;
import io.tidemill.operator.RestoredState;
import io.tidemill.program.Optimizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;

/**
 * Steps that move the rows of a table that they look up.
 *
 * <p>The table has 40 rows of 24 floats at the beginning of the arena, whose chunks have 16: rows
 * lie across the borders of chunks and of the slices of ranks. A sample is two ids and a number.
 */
final class SparseEmbeddingTest extends TinyTrainingCase {
  private static final int ROWS = 40;
  private static final int WIDTH = 24;

  @Test
  void plainSgdAndAdagradHaveTheBitsOfADenseTable() {
    List<float[]> samples = samples(43);
    Optimizer sgd = Optimizer.Sgd.of(0.5f);

    assertArrayEquals(
        trained(dense().optimizer(sgd), samples), trained(sparse().optimizer(sgd), samples));
    assertArrayEquals(
        trained(dense().optimizer(sgd).accumulate(3), samples),
        trained(sparse().optimizer(sgd).accumulate(3), samples));
    Optimizer adagrad = Optimizer.Adagrad.of(0.1f);
    assertArrayEquals(
        trained(dense().optimizer(adagrad), samples),
        trained(sparse().optimizer(adagrad), samples));
  }

  @Test
  void aRowThatEveryLaterStepLooksUpMovesAsInADenseTable() {
    // Step k looks up ids below 4k, so a row comes in with the number of the step.
    List<float[]> samples = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      int step = 1 + i / 8;
      samples.add(new float[] {2 * (i % 8) % (4 * step), (2 * (i % 8) + 1) % (4 * step), i % 3});
    }
    Optimizer adam = Optimizer.Adam.of(0.1f);

    assertArrayEquals(
        trained(dense().optimizer(adam), samples), trained(sparse().optimizer(adam), samples));
  }

  @Test
  void rowsThatAStepDoesNotLookUpKeepWeightsAndMoments() {
    List<float[]> samples = samples(16);
    samples.subList(0, 8).replaceAll(sample -> new float[] {7, 9, sample[2]});
    samples.subList(8, 16).replaceAll(sample -> new float[] {9, 31, sample[2]});
    Training<float[]> training = sparse().optimizer(Optimizer.AdamW.of(0.1f, 0.5f));
    try (TinyTraining one = open(training, samples, 1)) {
      List<float[]> initial = state(one);
      one.work(1);
      List<float[]> first = state(one);
      one.work(2);
      List<float[]> second = state(one);

      for (int i = 0; i < 3; i++) {
        String what = List.of("weights", "first moment", "second moment").get(i);
        assertArrayEquals(row(initial.get(i), 8), row(second.get(i), 8), what + ", never");
        assertMoved(row(initial.get(i), 7), row(first.get(i), 7), what + ", in step 1");
        assertArrayEquals(row(first.get(i), 7), row(second.get(i), 7), what + ", not in step 2");
        assertMoved(row(first.get(i), 9), row(second.get(i), 9), what + ", in both");
        assertArrayEquals(row(initial.get(i), 31), row(first.get(i), 31), what + ", not yet");
        assertMoved(row(first.get(i), 31), row(second.get(i), 31), what + ", in step 2");
      }
    }
  }

  @Test
  void gradientsAreZeroBetweenTwoSteps() {
    try (TinyTraining one = open(sparse().accumulate(2), samples(32), 2)) {
      one.workToTheEnd();

      for (DeviceBuffer gradient : one.gang().gradients()) {
        assertArrayEquals(new float[ROWS * WIDTH], Arrays.copyOf(read(gradient), ROWS * WIDTH));
      }
    }
  }

  @Test
  void hasTheSameBitsOnAnyNumberOfRanks() {
    assertSameOnAnyNumberOfRanks(
        sparse().optimizer(Optimizer.AdamW.of(0.1f, 0.5f)).clipNorm(0.05f).accumulate(3),
        samples(115));
    assertSameOnAnyNumberOfRanks(
        sparse().optimizer(new Optimizer.Sgd(0.1f, 0.9f, true)), samples(67));
  }

  @Test
  void goesOnFromACheckpointWithTheSameBits() throws IOException {
    Training<float[]> training = sparse().optimizer(Optimizer.Adam.of(0.1f)).clipNorm(0.05f);
    List<float[]> samples = samples(40);
    float[] expected = trained(training, samples);
    RestoredState checkpoint;
    try (TinyTraining killed = open(training, samples, 2)) {
      killed.work(3);
      checkpoint = killed.snapshot(folder);
    }

    try (TinyTraining resumed = open(training, samples, 3)) {
      resumed.restore(checkpoint);
      resumed.workToTheEnd();

      assertArrayEquals(expected, resumed.parameters());
    }
  }

  @Test
  void aSkippedStepLeavesNoTrace() {
    List<float[]> samples = samples(48);
    Training<float[]> training = sparse().onNonFinite(NonFinite.SKIP_STEP);
    float[] expected = trained(training, without(samples, 16, 32));
    samples.set(20, new float[] {3, 4, 1e30f});
    samples.set(24, new float[] {5, 6, 1e30f});

    assertArrayEquals(expected, trained(training, samples));
    assertSameOnAnyNumberOfRanks(training, samples);
  }

  @Test
  void rollingBackTakesRowsOfAllStepsSinceTheCheckpointAway() {
    List<float[]> samples = samples(64);
    Training<float[]> training = sparse().onNonFinite(NonFinite.ROLL_BACK);
    LongPredicate everyThirdStep = step -> step % 3 == 0;
    float[] expected = trained(training, without(samples, 24, 40));
    samples.set(36, new float[] {3, 4, 1e30f});

    try (TinyTraining one = open(training, samples, 1, everyThirdStep)) {
      one.workToTheEnd();
      assertArrayEquals(expected, one.parameters());
    }
    assertSameOnAnyNumberOfRanks(training, samples, everyThirdStep);
  }

  @Test
  void anIdOutsideTheTableIsNamedWithLayerStepAndShard() {
    List<float[]> samples = samples(24);
    samples.set(19, new float[] {3, 40, 0});
    try (TinyTraining one = open(sparse(), samples, 1)) {
      assertEquals(
          "embedding-1: id out of range: expected 0 to 39, found 40 at step=3 shard=1",
          assertThrows(EngineException.class, one::workToTheEnd).getMessage());
    }
  }

  private static Training<float[]> sparse() {
    return training(Embedding.of(ROWS, WIDTH).sparse());
  }

  private static Training<float[]> dense() {
    return training(Embedding.of(ROWS, WIDTH));
  }

  private static Training<float[]> training(Embedding table) {
    return Training.of(
            Network.sequential(Input.ofIds(2), table, Reshape.flat(), Dense.of(2 * WIDTH, 1)),
            Encoding.<float[]>ofTokens(
                2, sample -> new int[] {(int) sample[0], (int) sample[1]}, sample -> sample[2]))
        .loss(Loss.meanSquaredError())
        .optimizer(Optimizer.Adam.of(0.1f))
        .globalBatch(8)
        .shards(4);
  }

  /** Ids below 30, small ones more often, so that steps share rows and leave others out. */
  private static List<float[]> samples(int count) {
    Random random = new Random(7);
    List<float[]> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float first = random.nextInt(1 + random.nextInt(30));
      samples.add(new float[] {first, random.nextInt(30), (float) random.nextGaussian()});
    }
    return samples;
  }

  /** Weights and moments of a single rank. */
  private static List<float[]> state(TinyTraining training) {
    List<float[]> state = new ArrayList<>();
    state.add(training.parameters());
    training.ranks().getFirst().slice().moments().forEach(moment -> state.add(read(moment)));
    return state;
  }

  private static float[] row(float[] arena, int row) {
    return Arrays.copyOfRange(arena, row * WIDTH, (row + 1) * WIDTH);
  }

  private static void assertMoved(float[] before, float[] after, String what) {
    assertFalse(Arrays.equals(before, after), what);
  }

  private static float[] read(DeviceBuffer buffer) {
    float[] floats = new float[(int) buffer.floats()];
    buffer.read(0, MemorySegment.ofArray(floats));
    return floats;
  }
}
