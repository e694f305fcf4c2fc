package io.tidemill.serving.batch;

import io.tidemill.serving.inference.CallSignature;
import java.util.List;

/**
 * What computes the batches of a {@link BatchQueue}: a model in memory.
 *
 * <p>{@link #run} is called by several executor threads at once, each with its own index. {@link
 * #close} comes last, once, when no thread is in {@code run} nor will enter it.
 */
public interface BatchModel extends AutoCloseable {
  /** What it takes and gives. */
  CallSignature signature();

  /** Most rows of a batch; 1 where the signature has no rows. */
  int rows();

  /**
   * Makes what it runs in and runs on zeros, so that a fault shows at once and no request waits for
   * memory. Called once, before {@link #run}.
   */
  void warm();

  /**
   * Computes the rows of {@code batch} and hands each slice its outputs.
   *
   * @param thread index of the executor, from 0
   * @param batch at least one slice, together at most {@link #rows()} rows
   */
  void run(int thread, List<Slice> batch);

  /** Frees the memory. */
  @Override
  void close();
}
