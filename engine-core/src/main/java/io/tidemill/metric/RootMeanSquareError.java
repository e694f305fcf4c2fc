package io.tidemill.metric;

import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * {@code sqrt(mean((prediction - target)²))}, the mean over all numbers of all examples: an error
 * in the unit of the target.
 *
 * @param <E> the example type
 * @param name the key in a report
 * @param targets what should have been predicted, as many numbers as the model gives
 */
public record RootMeanSquareError<E>(String name, Function<E, float[]> targets)
    implements Metric<E> {

  public RootMeanSquareError {
    Objects.requireNonNull(name);
    Objects.requireNonNull(targets);
  }

  /** Of a model that predicts one number, under the key {@code rmse}. */
  public static <E> RootMeanSquareError<E> of(ToDoubleFunction<E> target) {
    return new RootMeanSquareError<>(
        "rmse", example -> new float[] {(float) target.applyAsDouble(example)});
  }

  @Override
  public Accumulator<E> start() {
    return new Squares();
  }

  private final class Squares implements Accumulator<E> {
    private final OrderedSum squares = new OrderedSum();

    @Override
    public void add(E example, float[] prediction) {
      float[] expected = targets.apply(example);
      Expected.requireNumbers(name, expected.length, prediction.length);
      for (int i = 0; i < expected.length; i++) {
        double error = (double) prediction[i] - expected[i];
        squares.add(error * error);
      }
    }

    @Override
    public double value() {
      return Math.sqrt(squares.mean());
    }
  }
}
