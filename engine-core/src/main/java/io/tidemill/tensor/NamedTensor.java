package io.tidemill.tensor;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.foreign.MemorySegment;

/**
 * A tensor with a name, as files hold it.
 *
 * @param name unique in its file
 * @param type element type
 * @param shape dimensions, none open
 * @param data the elements, row-major and little-endian, without padding; not copied
 */
public record NamedTensor(String name, DataType type, Shape shape, MemorySegment data) {
  public NamedTensor {
    long expected = shape.elements() * type.bytes();
    if (!shape.isFixed() || data.byteSize() != expected) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "tensor "
              + name
              + " of "
              + type
              + " "
              + shape
              + " does not fit its data: expected "
              + expected
              + " bytes, found "
              + data.byteSize());
    }
  }
}
