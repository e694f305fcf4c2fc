package io.tidemill.device.cpu;

import java.lang.foreign.MemorySegment;

/**
 * One instruction, ready to run on the CPU: reads and writes the memory of its values.
 *
 * <p>Belongs to one execution, so it may own scratch space. Allocates nothing when run.
 */
@FunctionalInterface
interface Kernel {

  /** Runs once; {@code values} is indexed by value id, each exactly as long as its value. */
  void run(MemorySegment[] values);
}
