package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.program.Optimizer;
import io.tidemill.program.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

final class TrainingTest {
  private static final Training<float[]> DEFAULTS =
      Training.of(
          Network.sequential(Dense.of(4, 2)), Encoding.<float[]>ofFloats(4, row -> row, _ -> 0));

  @Test
  void describesAllThatDecidesTheResult() {
    Training<float[]> training =
        DEFAULTS
            .optimizer(Optimizer.AdamW.of(0.5f, 0.25f).withBetas(0.9f, 0.99f))
            .schedule(Schedule.cosine(10, 0.1))
            .globalBatch(64)
            .shards(4)
            .accumulate(3)
            .clipNorm(1)
            .onNonFinite(NonFinite.SKIP_STEP)
            .precision(Precision.BF16)
            .epochs(2)
            .steps(5)
            .shuffle();

    assertTrue(
        training
            .describe()
            .endsWith(
                " loss=SoftmaxCrossEntropy[] optimizer=AdamW[learningRate=0.5, beta1=0.9,"
                    + " beta2=0.99, epsilon=1.0E-8, weightDecay=0.25]"
                    + " schedule=Cosine[warmUpSteps=10, floor=0.1] globalBatch=64 shards=4"
                    + " accumulate=3 clipNorm=1.0 onNonFinite=skip precision=bf16 epochs=2 steps=5"
                    + " shuffled=true augment=[]"),
        training.describe());
    assertEquals(192, training.stepSamples());
    assertEquals(16, training.shardRows());
  }

  @Test
  void saysNothingUnlessAsked() {
    assertTrue(
        DEFAULTS
            .describe()
            .endsWith(
                " schedule=Constant[warmUpSteps=0] globalBatch=256 shards=8 accumulate=1"
                    + " clipNorm=Infinity onNonFinite=stop precision=float32 epochs=1 steps=0"
                    + " shuffled=false augment=[]"),
        DEFAULTS.describe());
  }

  @Test
  void refusesNumbersThatCannotBeMeant() {
    assertRefused("accumulate has to be at least 1, is 0", () -> DEFAULTS.accumulate(0));
    assertRefused("shards has to be at least 1, is 0", () -> DEFAULTS.shards(0));
    assertRefused("steps has to be at least 0, is -1", () -> DEFAULTS.steps(-1));
    assertRefused("clipNorm expected a number above 0, found 0.0", () -> DEFAULTS.clipNorm(0));
    assertRefused(
        "clipNorm expected a number above 0, found NaN", () -> DEFAULTS.clipNorm(Float.NaN));
    assertRefused(
        "globalBatch has to be a multiple of shards: globalBatch=20 shards=8",
        () -> DEFAULTS.globalBatch(20).program());
  }

  private static void assertRefused(String sentence, Executable declaration) {
    assertEquals(sentence, assertThrows(EngineException.class, declaration).getMessage());
  }
}
