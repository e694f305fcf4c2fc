package io.tidemill.metric;

import java.util.Objects;
import java.util.function.ToIntFunction;

/**
 * The share of examples whose largest output is that of their class; of equals the first.
 *
 * @param <E> the example type
 * @param name the key in a report
 * @param label the class of an example, counted from 0
 */
public record Accuracy<E>(String name, ToIntFunction<E> label) implements Metric<E> {

  public Accuracy {
    Objects.requireNonNull(name);
    Objects.requireNonNull(label);
  }

  /** Accuracy under the key {@code accuracy}. */
  public static <E> Accuracy<E> of(ToIntFunction<E> label) {
    return new Accuracy<>("accuracy", label);
  }

  @Override
  public Accumulator<E> start() {
    return new Counts();
  }

  static int largest(float[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }

  private final class Counts implements Accumulator<E> {
    private long right;
    private long all;

    @Override
    public void add(E example, float[] prediction) {
      right += largest(prediction) == label.applyAsInt(example) ? 1 : 0;
      all++;
    }

    @Override
    public double value() {
      return (double) right / all;
    }
  }
}
