package io.tidemill.serving.inference;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;

/**
 * A named tensor in this process's memory: dense, row-major, native byte order.
 *
 * @param name as in the model's signature
 * @param type element type
 * @param shape every dimension known
 * @param data exactly {@code shape.elements() * type.bytes()} bytes; not written to once a second
 *     thread sees the tensor
 */
public record HostTensor(String name, DataType type, Shape shape, MemorySegment data) {
  public HostTensor {
    long expected = shape.elements() * type.bytes();
    if (shape.isOpen() || data.byteSize() != expected) {
      throw new IllegalArgumentException(
          "tensor %s: shape=%s expectedBytes=%d actualBytes=%d"
              .formatted(name, shape, expected, data.byteSize()));
    }
  }

  /** A zeroed tensor of this spec, its first dimension being {@code rows} where it was open. */
  public static HostTensor zeros(TensorSpec spec, int rows) {
    Shape shape = spec.shape().bind(rows);
    int elements = Math.toIntExact(shape.elements());
    MemorySegment data =
        switch (spec.type()) {
          case FLOAT32 -> MemorySegment.ofArray(new float[elements]);
          case INT32 -> MemorySegment.ofArray(new int[elements]);
          case INT64 -> MemorySegment.ofArray(new long[elements]);
          case UINT8 -> MemorySegment.ofArray(new byte[elements]);
        };
    return new HostTensor(spec.name(), spec.type(), shape, data);
  }

  /** Bytes of one step along the first dimension; of the whole tensor where it is a scalar. */
  public long rowBytes() {
    return shape.rank() == 0 ? data.byteSize() : data.byteSize() / shape.dim(0);
  }
}
