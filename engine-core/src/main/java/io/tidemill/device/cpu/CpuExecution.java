package io.tidemill.device.cpu;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Instruction;
import io.tidemill.program.MemoryPlan;
import io.tidemill.program.ParameterLayout;
import io.tidemill.program.Program;
import io.tidemill.program.Segment;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One arena for a program's activations, and its kernels in order.
 *
 * <p>Parameters are read and gradients written where the caller's buffers have them; the views of
 * those buffers are made again only when another buffer is given.
 */
final class CpuExecution implements Execution {
  private final Program program;
  private final ParameterLayout layout;
  private final List<Segment> segments;
  private final Arena arena;
  private final MemorySegment[] values;
  private final Kernel[] kernels;
  private final Map<String, MemorySegment> inputs = new HashMap<>();
  private final Map<String, Integer> outputs;
  private final Map<String, MemorySegment> touchedRows = new HashMap<>();
  private DeviceBuffer boundParameters;
  private DeviceBuffer boundGradients;

  /**
   * Closes {@code arena}, in which its kernels have what is theirs alone.
   *
   * @param memory of the values, as the plan has them
   */
  CpuExecution(CpuExecutable executable, Arena arena, MemorySegment memory) {
    this.arena = arena;
    this.segments = executable.segments();
    this.program = executable.cut().program();
    this.layout = program.layout();
    this.values = place(executable.plan(), memory);
    KernelCatalog catalog = new KernelCatalog(program, executable.primitives(), arena);
    this.kernels = program.instructions().stream().map(catalog::kernel).toArray(Kernel[]::new);
    this.outputs = program.outputs();
    program.inputs().forEach(input -> inputs.put(input.name(), values[input.id()]));
    program.gradients().forEach(this::findTouchedRows);
  }

  @Override
  public MemorySegment input(String name) {
    MemorySegment memory = inputs.get(name);
    if (memory == null) {
      throw unknown("input", name, inputs.keySet());
    }
    return memory;
  }

  @Override
  public MemorySegment output(String name) {
    Integer id = outputs.get(name);
    if (id == null) {
      throw unknown("output", name, outputs.keySet());
    }
    return values[id];
  }

  @Override
  public MemorySegment touchedRows(String parameter) {
    MemorySegment rows = touchedRows.get(parameter);
    if (rows == null) {
      throw unknown("parameter trained by row", parameter, touchedRows.keySet());
    }
    return rows;
  }

  @Override
  public void run(DeviceBuffer parameters) {
    if (!program.gradients().isEmpty()) {
      throw new EngineException(
          ErrorCode.INTERNAL, "this program writes gradients: run it with a gradient buffer");
    }
    bindParameters(parameters);
    runKernels();
  }

  @Override
  public void run(DeviceBuffer parameters, DeviceBuffer gradients) {
    bindParameters(parameters);
    bindGradients(gradients);
    runKernels();
  }

  @Override
  public void run(int segment, DeviceBuffer parameters, DeviceBuffer gradients) {
    bindParameters(parameters);
    bindGradients(gradients);
    int to = segments.get(segment).to();
    for (int i = segments.get(segment).from(); i < to; i++) {
      kernels[i].run(values);
    }
  }

  @Override
  public Optional<String> findNonFinite(DeviceBuffer parameters, DeviceBuffer gradients) {
    bindParameters(parameters);
    bindGradients(gradients);
    for (Value value : program.values()) {
      boolean isGiven = value instanceof Value.Input || value instanceof Value.Parameter;
      OptionalDouble found = isGiven ? nonFinite(value) : OptionalDouble.empty();
      if (found.isPresent()) {
        String kind = value instanceof Value.Input ? "input " : "parameter ";
        return Optional.of(kind + value.name() + " holds " + found.getAsDouble());
      }
    }
    for (int i = 0; i < kernels.length; i++) {
      kernels[i].run(values);
      Instruction instruction = program.instructions().get(i);
      OptionalDouble found = nonFinite(program.value(instruction.output()));
      if (found.isPresent()) {
        return Optional.of(instruction.layer() + " gives " + found.getAsDouble());
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private void runKernels() {
    for (Kernel kernel : kernels) {
      kernel.run(values);
    }
  }

  private void findTouchedRows(String parameter, int gradient) {
    for (int i = 0; i < kernels.length; i++) {
      boolean writes = program.instructions().get(i).output() == gradient;
      if (writes && kernels[i] instanceof EmbeddingRowsKernel kernel) {
        touchedRows.put(parameter, kernel.rows());
      }
    }
  }

  private MemorySegment[] place(MemoryPlan plan, MemorySegment memory) {
    MemorySegment[] placed = new MemorySegment[program.values().size()];
    for (Value value : program.values()) {
      if (plan.holds(value.id())) {
        long bytes = value.shape().elements() * value.type().bytes();
        placed[value.id()] = memory.asSlice(plan.offset(value.id()), bytes);
        if (value instanceof Value.Constant constant) {
          fill(placed[value.id()], constant.fill());
        }
      }
    }
    return placed;
  }

  private OptionalDouble nonFinite(Value value) {
    if (value.type() != DataType.FLOAT32) {
      return OptionalDouble.empty();
    }
    MemorySegment memory = values[value.id()];
    for (long i = 0; i < value.shape().elements(); i++) {
      float number = memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      if (!Float.isFinite(number)) {
        return OptionalDouble.of(number);
      }
    }
    return OptionalDouble.empty();
  }

  private static void fill(MemorySegment memory, float number) {
    for (long i = 0; i < memory.byteSize() / Float.BYTES; i++) {
      memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, number);
    }
  }

  private void bindParameters(DeviceBuffer buffer) {
    if (!buffer.equals(boundParameters)) {
      MemorySegment memory = checked("parameter", buffer);
      for (Value.Parameter parameter : program.parameters()) {
        values[parameter.id()] = slice(memory, layout.entry(parameter.name()));
      }
      boundParameters = buffer;
    }
  }

  private void bindGradients(DeviceBuffer buffer) {
    if (!buffer.equals(boundGradients)) {
      MemorySegment memory = checked("gradient", buffer);
      program
          .gradients()
          .forEach((parameter, id) -> values[id] = slice(memory, layout.entry(parameter)));
      boundGradients = buffer;
    }
  }

  private MemorySegment checked(String what, DeviceBuffer buffer) {
    if (buffer.floats() < layout.floats()) {
      throw new EngineException(
          ErrorCode.INTERNAL,
          "%s buffer too small for the layout: expected %d floats, found %d"
              .formatted(what, layout.floats(), buffer.floats()));
    }
    return CpuBuffer.of(buffer).memory();
  }

  private static MemorySegment slice(MemorySegment memory, ParameterLayout.Entry entry) {
    return memory.asSlice(entry.offset() * Float.BYTES, entry.floats() * Float.BYTES);
  }

  private static EngineException unknown(String what, String name, Iterable<String> known) {
    return new EngineException(
        ErrorCode.NOT_FOUND, "the program has no " + what + " " + name + ": it has " + known);
  }
}
