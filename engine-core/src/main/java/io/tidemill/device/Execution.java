package io.tidemill.device;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The memory that one run at a time needs: fill the inputs, run, read the outputs.
 *
 * <p>Used by one thread at a time; which thread may change between runs. A run allocates nothing.
 */
public interface Execution extends AutoCloseable {

  /** Host memory of an input, row-major; it keeps what it holds over runs. */
  MemorySegment input(String name);

  /** Host memory of an output, valid until the next run. */
  MemorySegment output(String name);

  /** Runs a program without gradients. */
  void run(DeviceBuffer parameters);

  /**
   * Runs a program and overwrites, in the layout of the parameters, the gradient of each trainable
   * parameter that reaches the loss; the rest of {@code gradients} is not touched. Of a parameter
   * that is trained by row the rows that the run looked up are overwritten, and no others.
   */
  void run(DeviceBuffer parameters, DeviceBuffer gradients);

  /**
   * Does one segment of {@link #run(DeviceBuffer, DeviceBuffer)}; those that it comes after are
   * done, and seen to be done by this thread.
   */
  void run(int segment, DeviceBuffer parameters, DeviceBuffer gradients);

  /**
   * Host memory of the ids INT32 of the rows that the last run looked up in a parameter that is
   * trained by row: one for each lookup, so a row may be there more than once. Valid until the next
   * run.
   */
  MemorySegment touchedRows(String parameter);

  /**
   * Runs like {@link #run(DeviceBuffer, DeviceBuffer)}, slowly, and looks at each float on the way:
   * the inputs, the parameters, then what each instruction gives.
   *
   * @return the first that holds NaN or an infinity, in words: {@code dense-2 gives NaN}
   */
  Optional<String> findNonFinite(DeviceBuffer parameters, DeviceBuffer gradients);

  /** Frees the memory; idempotent. */
  @Override
  void close();
}
