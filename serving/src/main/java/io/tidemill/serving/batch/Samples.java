package io.tidemill.serving.batch;

import io.tidemill.program.Instruction;
import io.tidemill.program.Op;
import io.tidemill.program.Program;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.ZeroTensors;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Seeded rows that fit a program's inputs, and what it gives for them. Confined to one thread. */
final class Samples {
  private static final long SEED = 4;

  /** Factors of a row's numbers, row by row: most as data is, some large and some small. */
  private static final double[] SCALES = {1, 0.1, 30, 1e-3, 1, 3, 1e3, 1e-6};

  /** A quarter of the rows must end in numbers that depend on every bit on the way. */
  private static final int FEWEST_TELLING = 4;

  private final int rows;
  private final Map<String, NamedTensor> inputs = new HashMap<>();
  private final Map<String, NamedTensor> outputs = new HashMap<>();
  private final List<TensorSpec> outputSpecs;

  Samples(CallSignature signature, Program program, int rows) {
    this.rows = rows;
    this.outputSpecs = signature.outputs();
    Random random = new Random(SEED);
    int ids = fewestIds(program);
    for (TensorSpec spec : signature.inputs()) {
      NamedTensor tensor = ZeroTensors.of(spec.name(), spec.type(), spec.shape().bind(rows));
      fill(tensor, random, ids);
      inputs.put(spec.name(), tensor);
    }
    for (TensorSpec spec : signature.outputs()) {
      outputs.put(spec.name(), ZeroTensors.of(spec.name(), spec.type(), spec.shape().bind(rows)));
    }
  }

  /** Copies rows of an input to those from {@code position} on. */
  void copyInput(TensorSpec spec, int row, int count, MemorySegment to, int position) {
    MemorySegment from = inputs.get(spec.name()).data();
    long bytes = from.byteSize() / rows;
    MemorySegment.copy(from, row * bytes, to, position * bytes, count * bytes);
  }

  /** Keeps the first rows of an output as what these rows give. */
  void keep(TensorSpec spec, int row, int count, MemorySegment output) {
    MemorySegment to = outputs.get(spec.name()).data();
    long bytes = to.byteSize() / rows;
    MemorySegment.copy(output, 0, to, row * bytes, count * bytes);
  }

  /** Whether rows of an output, from {@code position} on, have the bits that were kept. */
  boolean isKept(TensorSpec spec, int row, int count, MemorySegment output, int position) {
    MemorySegment kept = outputs.get(spec.name()).data();
    long bytes = kept.byteSize() / rows;
    return MemorySegment.mismatch(
            kept,
            row * bytes,
            (row + count) * bytes,
            output,
            position * bytes,
            (position + count) * bytes)
        == -1;
  }

  /** Whether enough rows ended in numbers of their own, which another rounding would change. */
  boolean tells() {
    int telling = 0;
    for (int row = 1; row < rows; row++) {
      telling += tells(row) ? 1 : 0;
    }
    return telling * FEWEST_TELLING >= rows;
  }

  private boolean tells(int row) {
    return outputSpecs.stream()
        .filter(spec -> spec.type() == DataType.FLOAT32)
        .map(spec -> outputs.get(spec.name()).data())
        .anyMatch(data -> tells(data, row));
  }

  private boolean tells(MemorySegment floats, int row) {
    long count = floats.byteSize() / Float.BYTES / rows;
    for (long i = row * count; i < (row + 1) * count; i++) {
      float value = floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      float before = floats.getAtIndex(ValueLayout.JAVA_FLOAT, i - count);
      if (Float.isFinite(value) && value != 0 && value != 1 && value != before) {
        return true;
      }
    }
    return false;
  }

  private void fill(NamedTensor tensor, Random random, int ids) {
    MemorySegment data = tensor.data();
    long elements = tensor.shape().elements();
    for (long i = 0; i < elements; i++) {
      double scale = SCALES[(int) (i / (elements / rows)) % SCALES.length];
      float number = (float) (random.nextGaussian() * scale);
      int id = random.nextInt(ids);
      switch (tensor.type()) {
        case FLOAT32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, number);
        case FLOAT64 -> data.setAtIndex(ValueLayout.JAVA_DOUBLE, i, number);
        case FLOAT16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(number));
        case BFLOAT16 ->
            data.setAtIndex(
                ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(number) >>> 16));
        case BOOL -> data.setAtIndex(ValueLayout.JAVA_BYTE, i, (byte) (id & 1));
        case INT8, UINT8 -> data.setAtIndex(ValueLayout.JAVA_BYTE, i, (byte) (id & 127));
        case INT16, UINT16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) id);
        case INT32, UINT32 -> data.setAtIndex(ValueLayout.JAVA_INT, i, id);
        case INT64, UINT64 -> data.setAtIndex(ValueLayout.JAVA_LONG, i, id);
      }
    }
  }

  /** Integers may be ids of any table that the program looks up. */
  private static int fewestIds(Program program) {
    int fewest = 256;
    for (Instruction instruction : program.instructions()) {
      if (instruction.op() instanceof Op.Embedding) {
        int table = instruction.inputs().getLast();
        fewest = Math.min(fewest, program.value(table).shape().dim(0));
      }
    }
    return Math.max(1, fewest);
  }
}
