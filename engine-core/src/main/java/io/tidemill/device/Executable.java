package io.tidemill.device;

import io.tidemill.program.Program;

/** A program made ready for one device and shape; immutable and shared by threads. */
public interface Executable {

  /** The bound program that was compiled. */
  Program program();

  /** Bytes that each execution holds for inputs, activations and outputs. */
  long peakBytes();

  /** Memory to run in; one for each thread that runs at the same time. */
  Execution newExecution();
}
