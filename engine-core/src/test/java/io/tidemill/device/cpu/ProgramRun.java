package io.tidemill.device.cpu;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.program.OpCase;
import io.tidemill.program.Precision;
import io.tidemill.program.Program;
import io.tidemill.program.ProgramBuilder;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/** Runs one operation, or a program without parameters, on a device: arrays in, arrays out. */
final class ProgramRun {
  private ProgramRun() {}

  /** The operation alone, its operands as inputs x0, x1, ... and its result as output y. */
  static Program program(OpCase opCase) {
    ProgramBuilder builder = new ProgramBuilder();
    Value[] operands = new Value[opCase.operands().size()];
    for (int i = 0; i < operands.length; i++) {
      Shape shape = opCase.operands().get(i);
      operands[i] = builder.input("x" + i, opCase.type(i), shape);
    }
    return builder.output("y", builder.apply(opCase.op(), operands)).build();
  }

  static Map<String, double[]> numbers(OpCase opCase, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, double[]> given = new LinkedHashMap<>();
    for (int i = 0; i < opCase.operands().size(); i++) {
      given.put("x" + i, opCase.numbers(i, random));
    }
    return given;
  }

  /** The output y, whatever its type, as doubles. */
  static double[] run(Device device, Program program, Map<String, double[]> given) {
    return run(device, program, Precision.FLOAT32, given);
  }

  static double[] run(
      Device device, Program program, Precision precision, Map<String, double[]> given) {
    try (Execution execution = device.compile(program, precision).newExecution();
        DeviceBuffer none = device.allocate(0)) {
      fill(execution, program, given);
      execution.run(none);
      return read(execution.output("y"), program.value(program.outputs().get("y")).type());
    }
  }

  static void fill(Execution execution, Program program, Map<String, double[]> given) {
    for (Value.Input input : program.inputs()) {
      MemorySegment memory = execution.input(input.name());
      double[] numbers = given.get(input.name());
      for (int i = 0; i < numbers.length; i++) {
        if (input.type() == DataType.INT32) {
          memory.setAtIndex(ValueLayout.JAVA_INT, i, (int) numbers[i]);
        } else if (input.type() == DataType.INT64) {
          memory.setAtIndex(ValueLayout.JAVA_LONG, i, (long) numbers[i]);
        } else {
          memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) numbers[i]);
        }
      }
    }
  }

  static double[] read(MemorySegment memory, DataType type) {
    double[] numbers = new double[Math.toIntExact(memory.byteSize() / type.bytes())];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          type == DataType.INT64
              ? memory.getAtIndex(ValueLayout.JAVA_LONG, i)
              : memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }
    return numbers;
  }
}
