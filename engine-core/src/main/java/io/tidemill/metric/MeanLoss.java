package io.tidemill.metric;

import java.util.Objects;

/**
 * The mean of the loss that training made small, over the examples measured.
 *
 * @param <E> the example type
 * @param name the key in a report
 */
public record MeanLoss<E>(String name) implements Metric<E> {

  public MeanLoss {
    Objects.requireNonNull(name);
  }

  /** Under the key {@code validationLoss}. */
  public static <E> MeanLoss<E> of() {
    return new MeanLoss<>("validationLoss");
  }

  @Override
  public boolean needsLoss() {
    return true;
  }

  @Override
  public Accumulator<E> start() {
    return new Losses();
  }

  private final class Losses implements Accumulator<E> {
    private final OrderedSum losses = new OrderedSum();

    @Override
    public void add(E example, float[] prediction) {}

    @Override
    public void addLoss(E example, float loss) {
      losses.add(loss);
    }

    @Override
    public double value() {
      return losses.mean();
    }
  }
}
