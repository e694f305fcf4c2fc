package io.tidemill.metric;

import java.util.Objects;

/**
 * {@code exp(mean cross-entropy)}: among how many equally likely tokens the model is as unsure as
 * it is. For models that are trained by softmax cross-entropy.
 *
 * @param <E> the example type
 * @param name the key in a report
 */
public record Perplexity<E>(String name) implements Metric<E> {

  public Perplexity {
    Objects.requireNonNull(name);
  }

  /** Under the key {@code perplexity}. */
  public static <E> Perplexity<E> of() {
    return new Perplexity<>("perplexity");
  }

  @Override
  public boolean needsLoss() {
    return true;
  }

  @Override
  public Accumulator<E> start() {
    return new Exponential<>(MeanLoss.<E>of().start());
  }

  private record Exponential<E>(Accumulator<E> mean) implements Accumulator<E> {
    @Override
    public void add(E example, float[] prediction) {}

    @Override
    public void addLoss(E example, float loss) {
      mean.addLoss(example, loss);
    }

    @Override
    public double value() {
      return StrictMath.exp(mean.value());
    }
  }
}
