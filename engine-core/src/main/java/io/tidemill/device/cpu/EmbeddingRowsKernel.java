package io.tidemill.device.cpu;

import io.tidemill.program.Instruction;
import io.tidemill.program.Program;
import io.tidemill.tensor.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The gradient of a table's lookups in the rows that they name; it remembers which these were.
 *
 * <p>A row is 0 at first and takes what it is given in the order of the lookups, as in a gradient
 * that is written whole.
 */
final class EmbeddingRowsKernel implements Kernel {
  private final int[] inputs;
  private final int out;
  private final int[] places;
  private final EmbeddingKernels[] lookups;
  private final MemorySegment rows;

  /** {@code owner} holds the memory of {@link #rows}. */
  EmbeddingRowsKernel(Program program, Instruction instruction, int count, Arena owner) {
    this.inputs = instruction.inputs().stream().mapToInt(Integer::intValue).toArray();
    this.out = instruction.output();
    this.lookups = new EmbeddingKernels[inputs.length / 2];
    this.places = new int[lookups.length];
    int width = program.value(out).shape().dim(1);
    int place = 0;
    for (int i = 0; i < lookups.length; i++) {
      int ids = Math.toIntExact(program.value(inputs[2 * i]).shape().elements());
      lookups[i] = new EmbeddingKernels(instruction.layer(), ids, count, width);
      places[i] = place;
      place += ids;
    }
    this.rows = owner.allocate((long) place * DataType.INT32.bytes(), Integer.BYTES);
  }

  @Override
  public void run(MemorySegment[] values) {
    for (int i = 0; i < lookups.length; i++) {
      lookups[i].clear(values[inputs[2 * i]], values[out], rows, places[i]);
    }
    for (int i = 0; i < lookups.length; i++) {
      lookups[i].add(values[inputs[2 * i]], values[inputs[2 * i + 1]], values[out]);
    }
  }

  /** The ids INT32 of the last run, lookup by lookup. */
  MemorySegment rows() {
    return rows;
  }
}
