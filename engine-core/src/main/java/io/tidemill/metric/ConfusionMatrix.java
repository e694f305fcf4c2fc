package io.tidemill.metric;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * What is taken for what: a table of true classes (rows) by predicted ones (columns).
 *
 * <p>As a number it is the balanced accuracy: the share of right answers of each class that occurs,
 * a mean over the classes. The predicted class is the first of the largest outputs.
 *
 * @param <E> the example type
 * @param name the key in a report
 * @param classes their names, in the order of the outputs
 * @param label the class of an example, counted from 0
 */
public record ConfusionMatrix<E>(String name, List<String> classes, ToIntFunction<E> label)
    implements Metric<E> {

  private static final String HEADING = "true \\ predicted";
  private static final int GAP = 4;

  public ConfusionMatrix {
    Objects.requireNonNull(name);
    Objects.requireNonNull(label);
    classes = List.copyOf(classes);
  }

  /** Under the key {@code balancedAccuracy}. */
  public static <E> ConfusionMatrix<E> of(List<String> classes, ToIntFunction<E> label) {
    return new ConfusionMatrix<>("balancedAccuracy", classes, label);
  }

  @Override
  public Accumulator<E> start() {
    return new Counts();
  }

  private final class Counts implements Accumulator<E> {
    private final long[][] counts = new long[classes.size()][classes.size()];

    @Override
    public void add(E example, float[] prediction) {
      int truth = label.applyAsInt(example);
      int predicted = Accuracy.largest(prediction);
      Expected.requireClass(name, truth, counts.length);
      Expected.requireClass(name, predicted, counts.length);
      counts[truth][predicted]++;
    }

    @Override
    public double value() {
      double recalls = 0;
      int occurring = 0;
      for (int row = 0; row < counts.length; row++) {
        long all = sum(counts[row]);
        recalls += all == 0 ? 0 : (double) counts[row][row] / all;
        occurring += all == 0 ? 0 : 1;
      }
      return recalls / occurring;
    }

    @Override
    public Optional<String> table() {
      int width = columnWidth();
      StringBuilder text = new StringBuilder(HEADING);
      classes.forEach(predicted -> text.append(pad(predicted, width)));
      for (int row = 0; row < counts.length; row++) {
        text.append('\n').append(pad(classes.get(row), HEADING.length()));
        for (long count : counts[row]) {
          text.append(pad(Long.toString(count), width));
        }
      }
      return Optional.of(text.toString());
    }

    private int columnWidth() {
      int widest = 3;
      for (int row = 0; row < counts.length; row++) {
        widest = Math.max(widest, classes.get(row).length());
        for (long count : counts[row]) {
          widest = Math.max(widest, Long.toString(count).length());
        }
      }
      return widest + GAP;
    }

    private static String pad(String text, int width) {
      return " ".repeat(Math.max(0, width - text.length())) + text;
    }

    private static long sum(long[] row) {
      long sum = 0;
      for (long count : row) {
        sum += count;
      }
      return sum;
    }
  }
}
