package io.tidemill.train;

import io.tidemill.program.ParameterLayout;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The parameters in a host copy of an arena, each under its name. */
public final class Parameters {
  private Parameters() {}

  /** Views of {@code arena}, in the order of the layout, without the padding between them. */
  public static List<NamedTensor> named(ParameterLayout layout, MemorySegment arena) {
    return layout.entries().stream()
        .map(
            entry ->
                new NamedTensor(
                    entry.name(),
                    DataType.FLOAT32,
                    entry.shape(),
                    arena.asSlice(entry.offset() * Float.BYTES, entry.floats() * Float.BYTES)))
        .toList();
  }
}
