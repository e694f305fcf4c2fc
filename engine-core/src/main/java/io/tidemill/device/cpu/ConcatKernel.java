package io.tidemill.device.cpu;

import io.tidemill.program.Program;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Tensors one after the other along an axis. */
final class ConcatKernel implements Kernel {
  private final int[] inputs;
  private final AxisRows[] sources;
  private final AxisRows target;
  private final int out;

  ConcatKernel(Program program, List<Integer> inputs, int out, int axis) {
    this.inputs = inputs.stream().mapToInt(Integer::intValue).toArray();
    this.sources =
        inputs.stream()
            .map(input -> AxisRows.of(program.value(input).shape(), axis))
            .toArray(AxisRows[]::new);
    this.target = AxisRows.of(program.value(out).shape(), axis);
    this.out = out;
  }

  @Override
  public void run(MemorySegment[] values) {
    int at = 0;
    for (int i = 0; i < inputs.length; i++) {
      int length = sources[i].length();
      sources[i].copy(values[inputs[i]], 0, target, values[out], at, length);
      at += length;
    }
  }
}
