package io.tidemill.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MetricsTest {
  // Values of scikit-learn 1.9: roc_auc_score and average_precision_score of these two lists.
  private static final int[] LABELS = {0, 0, 1, 1, 0, 1, 0, 1, 0, 0};
  private static final float[] SCORES = {.1f, .4f, .35f, .8f, .4f, .4f, -.2f, .9f, .8f, 0f};

  @Test
  void areaUnderRocCountsEqualScoresHalf() {
    assertEquals(
        18.5 / 24, value(AreaUnderRoc.of((Integer label) -> label == 1), LABELS, SCORES), 0);
  }

  @Test
  void averagePrecisionTakesEqualScoresAsOneThreshold() {
    // Thresholds .9, .8, .4, .35: precision 1, 2/3, 3/6, 4/7, a quarter of recall each.
    assertEquals(
        (1 + 2 / 3.0 + 3 / 6.0 + 4 / 7.0) / 4,
        value(AveragePrecision.of((Integer label) -> label == 1), LABELS, SCORES),
        1e-15);
  }

  @Test
  void aPerfectOrderScoresOneAndItsReverseZero() {
    int[] labels = {0, 0, 1};

    Metric<Integer> metric = AreaUnderRoc.of(label -> label == 1);

    assertEquals(1, value(metric, labels, new float[] {-3, -2, 5}), 0);
    assertEquals(0, value(metric, labels, new float[] {3, 2, -5}), 0);
  }

  @Test
  void negativeZeroEqualsZero() {
    Metric<Integer> metric = AreaUnderRoc.of(label -> label == 1);

    assertEquals(0.5, value(metric, new int[] {0, 1}, new float[] {-0f, 0f}), 0);
  }

  @Test
  void isNotANumberWhereAClassIsMissing() {
    Metric<Integer> area = AreaUnderRoc.of(label -> label == 1);
    Metric<Integer> average = AveragePrecision.of(label -> label == 1);

    assertEquals(Double.NaN, value(area, new int[] {1}, new float[] {1}), 0);
    assertEquals(Double.NaN, value(average, new int[] {0}, new float[] {1}), 0);
    assertEquals(Double.NaN, value(Accuracy.of(label -> label), new int[0], new float[0]), 0);
  }

  @Test
  void isNotANumberWhereAScoreIsNot() {
    Metric<Integer> area = AreaUnderRoc.of(label -> label == 1);
    Metric<Integer> average = AveragePrecision.of(label -> label == 1);

    assertEquals(Double.NaN, value(area, new int[] {0, 1}, new float[] {Float.NaN, 1}), 0);
    assertEquals(Double.NaN, value(average, new int[] {0, 1}, new float[] {Float.NaN, 1}), 0);
  }

  @Test
  void valueMayBeReadOnTheWay() {
    Metric.Accumulator<Integer> area = AreaUnderRoc.of((Integer label) -> label == 1).start();

    area.add(1, new float[] {2});
    area.add(0, new float[] {1});
    assertEquals(1, area.value(), 0);
    area.add(0, new float[] {3});
    assertEquals(0.5, area.value(), 0);
  }

  @Test
  void accuracyTakesTheFirstOfTheLargest() {
    Metric.Accumulator<Integer> accuracy = Accuracy.of((Integer label) -> label).start();

    accuracy.add(1, new float[] {0, 5, 5});
    accuracy.add(2, new float[] {0, 5, 5});
    accuracy.add(0, new float[] {-1, -2, -3});
    accuracy.add(2, new float[] {-1, -2, 0});

    assertEquals(0.75, accuracy.value(), 0);
  }

  @Test
  void topKCountsAClassAmongTheLargestOutputs() {
    float[] outputs = {0.1f, 0.4f, 0.4f, 0.3f};

    assertEquals(0, topK(1, 2, outputs), "the first of two equal ones is larger");
    assertEquals(1, topK(2, 2, outputs));
    assertEquals(0, topK(2, 3, outputs));
    assertEquals(1, topK(3, 3, outputs));
  }

  @Test
  void topKOfSequencesCountsEachPosition() {
    Metric.Accumulator<int[]> counts = TopK.<int[]>ofSequences(1, tokens -> tokens).start();

    counts.add(new int[] {1, 0, 1}, new float[] {0, 1, 0, 1, 0, 1});

    assertEquals(2 / 3.0, counts.value());
    assertEquals("top1Accuracy", TopK.<int[]>ofSequences(1, tokens -> tokens).name());
  }

  @Test
  void rootMeanSquareErrorIsInTheUnitOfTheTarget() {
    Metric<float[]> several = new RootMeanSquareError<>("rmse", target -> target);
    Metric.Accumulator<float[]> errors = several.start();

    errors.add(new float[] {1, 2}, new float[] {4, 2});
    errors.add(new float[] {0, 0}, new float[] {0, 4});

    assertEquals(Math.sqrt((9 + 16) / 4.0), errors.value());
  }

  @Test
  void sumsDoNotDependOnTheOrderOfExamples() {
    float[] targets = {1e-3f, 7e3f, 1e-8f, 3, 2e6f, 0.1f, 11, 5e-5f};
    Metric.Accumulator<Float> forward = RootMeanSquareError.<Float>of(target -> target).start();
    Metric.Accumulator<Float> backward = RootMeanSquareError.<Float>of(target -> target).start();

    for (int i = 0; i < targets.length; i++) {
      forward.add(targets[i], new float[] {0});
      backward.add(targets[targets.length - 1 - i], new float[] {0});
    }

    assertEquals(forward.value(), backward.value());
  }

  @Test
  void perplexityIsTheExponentialOfTheMeanLoss() {
    Metric.Accumulator<Integer> losses = MeanLoss.<Integer>of().start();
    Metric.Accumulator<Integer> perplexity = Perplexity.<Integer>of().start();

    for (float loss : new float[] {1, 2, 3}) {
      losses.addLoss(0, loss);
      perplexity.addLoss(0, loss);
    }

    assertEquals(2, losses.value());
    assertEquals(Math.exp(2), perplexity.value(), 1e-14);
  }

  @Test
  void confusionMatrixIsATableOfTrueByPredictedClasses() {
    Metric<Integer> metric = ConfusionMatrix.of(List.of("cat", "dog", "owl"), label -> label);
    Metric.Accumulator<Integer> counts = metric.start();
    counts.add(0, new float[] {1, 0, 0});
    counts.add(0, new float[] {1, 0, 0});
    counts.add(0, new float[] {0, 0, 1});
    counts.add(1, new float[] {0, 1, 0});

    assertEquals((2 / 3.0 + 1) / 2, counts.value());
    assertEquals(
        """
        true \\ predicted    cat    dog    owl
                     cat      2      0      1
                     dog      0      1      0
                     owl      0      0      0\
        """,
        counts.table().orElseThrow());
  }

  @Test
  void refusesExamplesThatDoNotFitTheModel() {
    Metric<Integer> matrix = ConfusionMatrix.of(List.of("a", "b"), label -> label);
    Metric<float[]> errors = new RootMeanSquareError<>("rmse", target -> target);

    assertEquals(
        "metric balancedAccuracy cannot measure an example: expected a class from 0 to 1, found 2",
        assertThrows(EngineException.class, () -> matrix.start().add(2, new float[] {0, 1}))
            .getMessage());
    assertEquals(
        "metric rmse cannot measure an example: expected 1 numbers as the model gives, found 2",
        assertThrows(EngineException.class, () -> errors.start().add(new float[2], new float[1]))
            .getMessage());
    assertEquals(
        "metric top0Accuracy needs at least 1 guess, found k=0",
        assertThrows(EngineException.class, () -> TopK.<Integer>of(0, label -> label))
            .getMessage());
  }

  private static double topK(int k, int label, float[] outputs) {
    Metric.Accumulator<Integer> counts = TopK.<Integer>of(k, truth -> truth).start();
    counts.add(label, outputs);
    return counts.value();
  }

  private static double value(Metric<Integer> metric, int[] labels, float[] scores) {
    Metric.Accumulator<Integer> accumulator = metric.start();
    for (int i = 0; i < labels.length; i++) {
      accumulator.add(labels[i], new float[] {scores[i]});
    }
    return accumulator.value();
  }
}
