package io.tidemill.task;

/**
 * Brings the records of a split to a {@link SourceTask}.
 *
 * <p>Reading may block, so it has a thread of its own ({@link ThreadFetcher}); where a whole job
 * runs on one thread it is done in place ({@link InlineFetcher}).
 */
public interface Fetcher extends AutoCloseable {
  /**
   * Records in order.
   *
   * @param records filled from 0 to {@code count}
   * @param isLast whether the split ends behind them
   */
  record Batch(Object[] records, int count, boolean isLast) {}

  /** The next records, or null when none are there yet; throws what reading them threw. */
  Batch poll();

  @Override
  void close();
}
