package io.tidemill.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.program.Differentiation;
import io.tidemill.program.Op;
import io.tidemill.program.ParameterRole;
import io.tidemill.program.Program;
import io.tidemill.program.ProgramBuilder;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Two lookups of two rows each in one table of 5 rows of 3: the loss is the mean of all squares.
 */
final class EmbeddingRowsTest {
  private static final Program PROGRAM = program();

  @Test
  void writesTheRowsOfAllLookupsAndNoOthers() {
    try (Device device = new CpuDevice(Primitives.vector());
        Execution execution = device.compile(PROGRAM).newExecution();
        DeviceBuffer parameters = device.allocate(16);
        DeviceBuffer gradients = device.allocate(16)) {
      float[] table = new float[16];
      float[] before = new float[16];
      Arrays.fill(table, 0, 15, 1);
      Arrays.fill(before, 9);
      parameters.write(0, MemorySegment.ofArray(table));
      gradients.write(0, MemorySegment.ofArray(before));
      execution.input("left").copyFrom(MemorySegment.ofArray(new int[] {3, 1}));
      execution.input("right").copyFrom(MemorySegment.ofArray(new int[] {3, 4}));
      execution.input("weights").copyFrom(MemorySegment.ofArray(new float[] {0.5f, 0.5f}));

      execution.run(parameters, gradients);

      // Each sum is 2; a row gets 2 * 2 * 0.5 / 3 from each lookup of it.
      float once = 2f / 3;
      float[] expected = {9, 9, 9, once, once, once, 9, 9, 9};
      float[] read = new float[16];
      gradients.read(0, MemorySegment.ofArray(read));
      assertArrayEquals(expected, Arrays.copyOf(read, 9), 1e-6f);
      assertArrayEquals(
          new float[] {2 * once, 2 * once, 2 * once, once, once, once, 9},
          Arrays.copyOfRange(read, 9, 16),
          1e-6f);
      assertArrayEquals(
          new int[] {1, 3, 3, 4},
          Arrays.stream(execution.touchedRows("table").toArray(ValueLayout.JAVA_INT))
              .sorted()
              .toArray());
      assertEquals(
          "the program has no parameter trained by row bias: it has [table]",
          assertThrows(EngineException.class, () -> execution.touchedRows("bias")).getMessage());
    }
  }

  private static Program program() {
    ProgramBuilder builder = new ProgramBuilder();
    Value table = builder.parameter("table", Shape.of(5, 3), ParameterRole.TRAINED_BY_ROW);
    Value left = builder.input("left", DataType.INT32, Shape.of(2));
    Value right = builder.input("right", DataType.INT32, Shape.of(2));
    Value labels = builder.input("labels", DataType.FLOAT32, Shape.of(2, 3));
    Value weights = builder.input("weights", DataType.FLOAT32, Shape.of(2));
    Value sum =
        builder.apply(
            new Op.Add(),
            builder.apply(new Op.Embedding(), left, table),
            builder.apply(new Op.Embedding(), right, table));
    builder.output("sum", sum);
    Value loss = builder.apply(new Op.MeanSquaredError(), sum, labels, weights);
    return Differentiation.of(builder.output("loss", loss).build(), "loss");
  }
}
