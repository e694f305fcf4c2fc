package io.tidemill.device;

import java.lang.foreign.MemorySegment;

/**
 * Floats in the memory of a device: parameters, gradients, moments.
 *
 * <p>Any thread may use it; who writes a range while another uses that range must order the two.
 */
public interface DeviceBuffer extends AutoCloseable {

  long floats();

  /** Copies {@code to.byteSize() / 4} floats from position {@code from} into host memory. */
  void read(long from, MemorySegment to);

  /** Copies {@code source.byteSize() / 4} floats of host memory to position {@code from}. */
  void write(long from, MemorySegment source);

  /** Frees the memory; idempotent. */
  @Override
  void close();
}
