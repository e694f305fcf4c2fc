package io.tidemill.serving.inference;

import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;

/** Makes tensors of zeros in heap memory, of the arrays that suit their element type. */
public final class ZeroTensors {
  private ZeroTensors() {}

  /** A tensor of this spec, its first dimension being {@code rows} where it was open. */
  public static NamedTensor of(TensorSpec spec, int rows) {
    Shape shape = spec.shape().bind(rows);
    int elements = Math.toIntExact(shape.elements());
    MemorySegment data =
        switch (spec.type()) {
          case FLOAT32 -> MemorySegment.ofArray(new float[elements]);
          case INT32 -> MemorySegment.ofArray(new int[elements]);
          case INT64 -> MemorySegment.ofArray(new long[elements]);
          case UINT8 -> MemorySegment.ofArray(new byte[elements]);
        };
    return new NamedTensor(spec.name(), spec.type(), shape, data);
  }
}
