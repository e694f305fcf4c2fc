package io.tidemill.metric;

import java.util.Objects;
import java.util.function.Predicate;

/**
 * Average precision: {@code AP = sum over thresholds n of (R_n - R_(n-1)) P_n}, with precision P
 * and recall R where all examples of at least a score are taken as positive.
 *
 * <p>The score is the first output; examples of equal score are one threshold. As {@code
 * average_precision_score} of scikit-learn. NaN where there is no positive or where a score is NaN.
 *
 * @param <E> the example type
 * @param name the key in a report
 * @param positive whether an example is one of those to be found
 */
public record AveragePrecision<E>(String name, Predicate<E> positive) implements Metric<E> {

  public AveragePrecision {
    Objects.requireNonNull(name);
    Objects.requireNonNull(positive);
  }

  /** Average precision under the key {@code averagePrecision}. */
  public static <E> AveragePrecision<E> of(Predicate<E> positive) {
    return new AveragePrecision<>("averagePrecision", positive);
  }

  @Override
  public Accumulator<E> start() {
    return new Average();
  }

  private final class Average implements Accumulator<E> {
    private final ScoredLabels scores = new ScoredLabels();
    private long trueBefore;
    private double sum;

    @Override
    public void add(E example, float[] prediction) {
      scores.add(prediction[0], positive.test(example));
    }

    @Override
    public double value() {
      trueBefore = 0;
      sum = 0;
      scores.forEachThreshold(this::addStep);
      return scores.isComparable() ? sum / scores.positives() : Double.NaN;
    }

    private void addStep(long truePositives, long falsePositives) {
      double precision = (double) truePositives / (truePositives + falsePositives);
      sum += (truePositives - trueBefore) * precision;
      trueBefore = truePositives;
    }
  }
}
