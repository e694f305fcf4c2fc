package io.tidemill.serving.inference;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;

/** Makes tensors of zeros in heap memory, of the arrays that suit their element type. */
public final class ZeroTensors {
  private ZeroTensors() {}

  /** A tensor of a shape without open dimensions. */
  public static NamedTensor of(String name, DataType type, Shape shape) {
    int elements = Math.toIntExact(shape.elements());
    MemorySegment data =
        switch (type) {
          case FLOAT32 -> MemorySegment.ofArray(new float[elements]);
          case FLOAT64 -> MemorySegment.ofArray(new double[elements]);
          case INT32, UINT32 -> MemorySegment.ofArray(new int[elements]);
          case INT64, UINT64 -> MemorySegment.ofArray(new long[elements]);
          case INT16, UINT16, FLOAT16, BFLOAT16 -> MemorySegment.ofArray(new short[elements]);
          case UINT8, INT8, BOOL -> MemorySegment.ofArray(new byte[elements]);
        };
    return new NamedTensor(name, type, shape, data);
  }
}
