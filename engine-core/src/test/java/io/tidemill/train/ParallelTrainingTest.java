package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.network.CausalSelfAttention;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Gelu;
import io.tidemill.network.Input;
import io.tidemill.network.LayerNorm;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Parallel;
import io.tidemill.network.Parallelism;
import io.tidemill.network.Reshape;
import io.tidemill.network.Residual;
import io.tidemill.program.Optimizer;
import io.tidemill.program.ParameterLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Pipeline and tensor parallelism on drawn interleavings of several ranks of two threads: the
 * declared cut decides on the bits, and never who did what when.
 */
final class ParallelTrainingTest extends TinyTrainingCase {
  private static final int MOST_RANKS = 6;

  @Test
  void aPipelineHasTheBitsOfOneWorkerThatDoesAll() {
    float[] whole = trained(decoder(), 1);

    for (int stages = 2; stages <= 4; stages++) {
      for (int ranks = 1; ranks <= MOST_RANKS; ranks++) {
        String what = stages + " stages, " + ranks + " ranks";
        assertArrayEquals(
            whole, trained(decoder().parallel(Parallel.pipeline(stages)), ranks), what);
      }
    }
  }

  @Test
  void aTableTrainedByRowInOneStageHasTheBitsOfOneWorker() {
    float[] whole = trained(rows(), 1);

    for (int ranks = 1; ranks <= 4; ranks++) {
      Training<float[]> cut = rows().parallel(Parallel.data(2).pipeline(2));
      assertArrayEquals(whole, trained(cut, ranks), ranks + " ranks");
    }
  }

  @Test
  void tensorPartsHaveTheSameBitsOnAnyNumberOfWorkers() {
    for (Parallelism parallelism :
        List.of(Parallel.tensor(2), Parallel.tensor(4), Parallel.data(2).pipeline(2).tensor(2))) {
      Training<float[]> split = decoder().parallel(parallelism);
      float[] one = trained(split, 1);
      for (int ranks = 2; ranks <= MOST_RANKS; ranks++) {
        assertArrayEquals(one, trained(split, ranks), parallelism + ", " + ranks + " ranks");
      }
    }
  }

  @Test
  void tensorPartsTrainToTheWeightsOfTheWholeUpToRounding() {
    Training<float[]> whole = decoder();
    Training<float[]> split = decoder().parallel(Parallel.tensor(4));
    Map<String, List<Float>> expected = byName(whole, trained(whole, 1));
    Map<String, List<Float>> found = byName(split, trained(split, 2));

    assertEquals(expected.keySet(), found.keySet());
    expected.forEach(
        (name, floats) -> {
          // Parts hold the same numbers in another order: so in order of size they are the same.
          List<Float> sorted = floats.stream().sorted().toList();
          List<Float> other = found.get(name).stream().sorted().toList();
          assertEquals(sorted.size(), other.size(), name);
          for (int i = 0; i < sorted.size(); i++) {
            assertEquals(sorted.get(i), other.get(i), 2e-4, name + " " + i);
          }
        });
  }

  @Test
  void moreStagesThanLayersAreRefused() {
    Training<float[]> training = rows().parallel(Parallel.pipeline(9));

    EngineException refused = assertThrows(EngineException.class, training::program);

    assertEquals(
        "pipeline(9) needs as many layers as stages: found 4, [embedding-1, reshape-1, dense-1,"
            + " loss]; ask for fewer stages",
        refused.getMessage());
  }

  @Test
  void aNetworkWithoutPairsOfProductsCannotBeSplit() {
    EngineException refused =
        assertThrows(EngineException.class, () -> rows().parallel(Parallel.tensor(2)));

    assertEquals(
        "tensor(2) finds nothing to split: it takes pairs of matrix products, with a bias,"
            + " elementwise layers or attention between, whose inner width it divides",
        refused.getMessage());
  }

  @Test
  void accumulatingIsRefusedSinceShardsAreTheMicroBatches() {
    Training<float[]> training = decoder().accumulate(2).parallel(Parallel.pipeline(2));

    EngineException refused = assertThrows(EngineException.class, training::program);

    assertEquals(
        "accumulate=2 does not go with pipeline(2), whose micro-batches are the shards: raise"
            + " shards and globalBatch instead",
        refused.getMessage());
  }

  /** The floats of all parts of each parameter. */
  private static Map<String, List<Float>> byName(Training<?> training, float[] arena) {
    Map<String, List<Float>> byName = new HashMap<>();
    for (ParameterLayout.Entry entry : training.network().layout().entries()) {
      String whole = entry.name().replaceFirst("\\.[0-9]+of[0-9]+$", "");
      List<Float> floats = byName.computeIfAbsent(whole, _ -> new ArrayList<>());
      for (long i = entry.offset(); i < entry.offset() + entry.floats(); i++) {
        floats.add(arena[(int) i]);
      }
    }
    return byName;
  }

  private float[] trained(Training<float[]> training, int ranks) {
    return trained(training, samples(), ranks, step -> step == 3);
  }

  /** A decoder of two blocks, on 4 positions of 8 tokens. */
  private static Training<float[]> decoder() {
    Network network =
        Network.sequential(
            Input.ofIds(4),
            Embedding.of(8, 16),
            Residual.of(LayerNorm.of(16), CausalSelfAttention.of(16, 4)),
            Residual.of(
                LayerNorm.of(16), Dense.of(16, 32), Gelu.of(), Dense.of(32, 16).withoutBias()),
            LayerNorm.of(16),
            Dense.of(16, 8));
    return Training.of(
            network,
            Encoding.<float[]>ofSequences(
                4,
                row -> new int[] {(int) row[0], (int) row[1], (int) row[2], (int) row[3]},
                row -> new int[] {(int) row[1], (int) row[2], (int) row[3], (int) row[0]}))
        .optimizer(Optimizer.AdamW.of(0.01f, 0.1f))
        .clipNorm(1)
        .globalBatch(20)
        .shards(5)
        .epochs(2)
        .shuffle();
  }

  private static Training<float[]> rows() {
    Network network =
        Network.sequential(
            Input.ofIds(2), Embedding.of(8, 6).sparse(), Reshape.flat(), Dense.of(12, 1));
    return Training.of(
            network,
            Encoding.<float[]>ofTokens(
                2, row -> new int[] {(int) row[0], (int) row[1]}, row -> row[2]))
        .loss(Loss.meanSquaredError())
        .optimizer(Optimizer.Adam.of(0.05f))
        .globalBatch(12)
        .shards(4)
        .epochs(2);
  }

  private static List<float[]> samples() {
    Random random = new Random(11);
    List<float[]> samples = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      samples.add(
          new float[] {random.nextInt(8), random.nextInt(8), random.nextInt(8), random.nextInt(8)});
    }
    return samples;
  }
}
