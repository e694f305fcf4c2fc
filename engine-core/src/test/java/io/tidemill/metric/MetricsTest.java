package io.tidemill.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;

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

  private static double value(Metric<Integer> metric, int[] labels, float[] scores) {
    Metric.Accumulator<Integer> accumulator = metric.start();
    for (int i = 0; i < labels.length; i++) {
      accumulator.add(labels[i], new float[] {scores[i]});
    }
    return accumulator.value();
  }
}
