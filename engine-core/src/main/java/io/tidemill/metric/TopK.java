package io.tidemill.metric;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * The share of classes that are among the k largest outputs; of equal outputs the first count as
 * larger.
 *
 * @param <E> the example type
 * @param name the key in a report
 * @param k how many guesses the model has
 * @param classes the class at each position of an example, counted from 0; one where the model
 *     gives one answer
 */
public record TopK<E>(String name, int k, Function<E, int[]> classes) implements Metric<E> {

  public TopK {
    Objects.requireNonNull(name);
    Objects.requireNonNull(classes);
    if (k < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "metric " + name + " needs at least 1 guess, found k=" + k);
    }
  }

  /** One class per example, under the key {@code top5Accuracy} for k = 5. */
  public static <E> TopK<E> of(int k, ToIntFunction<E> label) {
    return new TopK<>("top" + k + "Accuracy", k, example -> new int[] {label.applyAsInt(example)});
  }

  /** One class per position, each counting alike: of a language model the tokens that came. */
  public static <E> TopK<E> ofSequences(int k, Function<E, int[]> classes) {
    return new TopK<>("top" + k + "Accuracy", k, classes);
  }

  @Override
  public Accumulator<E> start() {
    return new Counts();
  }

  /** How many of {@code count} outputs from {@code first} are larger than the class's. */
  private static int rank(float[] outputs, int first, int count, int label) {
    float own = outputs[first + label];
    int larger = 0;
    for (int i = 0; i < count; i++) {
      float other = outputs[first + i];
      larger += other > own || (other == own && i < label) || Float.isNaN(own) ? 1 : 0;
    }
    return larger;
  }

  private final class Counts implements Accumulator<E> {
    private long right;
    private long all;

    @Override
    public void add(E example, float[] prediction) {
      int[] labels = classes.apply(example);
      int outputs = prediction.length / labels.length;
      for (int position = 0; position < labels.length; position++) {
        Expected.requireClass(name, labels[position], outputs);
        right += rank(prediction, position * outputs, outputs, labels[position]) < k ? 1 : 0;
      }
      all += labels.length;
    }

    @Override
    public double value() {
      return (double) right / all;
    }
  }
}
