package io.tidemill.device;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Program;
import io.tidemill.program.Segment;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** A program made ready for one device and shape; immutable and shared by threads. */
public interface Executable {

  /** The bound program that was compiled. */
  Program program();

  /** Bytes that each execution holds for inputs, activations and outputs. */
  long peakBytes();

  /**
   * What its instructions are cut into, so that several workers share a run; one segment where the
   * program is at one place.
   */
  List<Segment> segments();

  /**
   * Whether runs become much faster after some, as the just-in-time compiler gets to know them;
   * then it pays to rehearse while there is nothing else to do.
   */
  default boolean warmsUp() {
    return false;
  }

  /** Memory to run in; one for each thread that runs at the same time. */
  Execution newExecution();

  /**
   * Runs in memory that somebody else owns, zero at first, 64-byte aligned, {@link #peakBytes} of
   * it: all who do segments of one run have one such over the same memory.
   *
   * @throws EngineException INVALID_ARGUMENT where the device computes in memory of its own
   */
  default Execution newExecution(MemorySegment memory) {
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "this device computes in memory of its own, so workers cannot share a run of a program:"
            + " train without pipeline and tensor parallelism, or choose device cpu");
  }
}
