package io.tidemill.metric;

import java.util.Optional;

/**
 * One number that says how good predictions are.
 *
 * <p>Immutable. The value is a function of the set of examples: their order does not matter, to the
 * last bit.
 *
 * @param <E> the example type
 */
public interface Metric<E> {

  /** The key in a report, for example {@code aucRoc}. */
  String name();

  /** Whether {@link Accumulator#addLoss} is wanted, which takes a pass over the examples. */
  default boolean needsLoss() {
    return false;
  }

  /** A fresh evaluation. */
  Accumulator<E> start();

  /**
   * One evaluation under way. Confined to one thread.
   *
   * @param <E> the example type
   */
  interface Accumulator<E> {

    /**
     * Takes an example and what the model predicts for it.
     *
     * @param prediction the model's output of one example, flat; it may be reused by the caller
     *     after the call
     */
    void add(E example, float[] prediction);

    /** Takes the loss of an example, computed for itself; only where the metric needs it. */
    default void addLoss(E example, float loss) {}

    /** The metric over what was added; NaN where that does not determine it. */
    double value();

    /** What people read beside the number, on several lines. */
    default Optional<String> table() {
      return Optional.empty();
    }
  }
}
