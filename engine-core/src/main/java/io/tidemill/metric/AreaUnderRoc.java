package io.tidemill.metric;

import java.util.Objects;
import java.util.function.Predicate;

/**
 * The area under the receiver operating characteristic: how often a positive scores above a
 * negative, an equal score counting half.
 *
 * <p>The score is the first output. As {@code roc_auc_score} of scikit-learn, computed in whole
 * numbers and divided once. NaN where there is no positive or no negative, or where a score is NaN.
 *
 * @param <E> the example type
 * @param name the key in a report
 * @param positive whether an example is one of those to be found
 */
public record AreaUnderRoc<E>(String name, Predicate<E> positive) implements Metric<E> {

  public AreaUnderRoc {
    Objects.requireNonNull(name);
    Objects.requireNonNull(positive);
  }

  /** The area under the key {@code aucRoc}. */
  public static <E> AreaUnderRoc<E> of(Predicate<E> positive) {
    return new AreaUnderRoc<>("aucRoc", positive);
  }

  @Override
  public Accumulator<E> start() {
    return new Area();
  }

  private final class Area implements Accumulator<E> {
    private final ScoredLabels scores = new ScoredLabels();
    private long trueBefore;
    private long falseBefore;
    private long doubledArea;

    @Override
    public void add(E example, float[] prediction) {
      scores.add(prediction[0], positive.test(example));
    }

    @Override
    public double value() {
      trueBefore = 0;
      falseBefore = 0;
      doubledArea = 0;
      scores.forEachThreshold(this::addTrapezoid);
      return scores.isComparable()
          ? doubledArea / (2.0 * scores.positives() * scores.negatives())
          : Double.NaN;
    }

    private void addTrapezoid(long truePositives, long falsePositives) {
      doubledArea += (truePositives + trueBefore) * (falsePositives - falseBefore);
      trueBefore = truePositives;
      falseBefore = falsePositives;
    }
  }
}
