package io.tidemill.serving.protocol;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The tensors behind the JSON of a request, which are taken in the order in which it names them:
 * little-endian, row-major, without padding. They are views of the body and not copies: their
 * elements lie at any byte. Confined to the thread that reads the request.
 */
final class BinaryTensors {
  private final InferBody body;
  private int taken;

  BinaryTensors(InferBody body) {
    this.body = body;
  }

  /**
   * Takes the next tensor.
   *
   * @param where the tensor, for sentences
   * @param size bytes that it has by what the JSON says
   */
  NamedTensor take(String where, TensorSpec spec, Shape shape, long size) {
    long expected = shape.elements() * spec.type().bytes();
    if (size != expected) {
      throw BadRequest.of(
          "%s: expected binary_data_size %d for shape %s of %s, found %d",
          where, expected, shape, spec.type().protocolName(), size);
    }
    int left = body.binaryBytes() - taken;
    if (size > left) {
      throw BadRequest.of(
          "%s: expected %d bytes of it behind the JSON, found %d; %s says where the JSON ends",
          where, size, left, InferBody.JSON_LENGTH);
    }
    NamedTensor tensor = view(body, body.jsonBytes() + taken, spec, shape);
    taken += (int) size;
    return tensor;
  }

  /** Refuses bytes that belong to no tensor. */
  void checkEnd() {
    if (taken < body.binaryBytes()) {
      throw BadRequest.of(
          "expected %d bytes of tensors behind the JSON, as the inputs say, found %d",
          taken, body.binaryBytes());
    }
  }

  /** A body that is one tensor and nothing else, with as many rows as there are bytes for. */
  static NamedTensor whole(InferBody body, TensorSpec spec) {
    Shape one = spec.shape().bind(1);
    if (!one.isFixed()) {
      throw BadRequest.of(
          "expected JSON before the tensors, because input \"%s\" of shape %s leaves more open than"
              + " the number of rows; found %s: 0",
          spec.name(), spec.shape(), InferBody.JSON_LENGTH);
    }
    long rowBytes = Math.max(1, one.elements() * spec.type().bytes());
    long rows = body.bytes().length / rowBytes;
    boolean isFixed = !spec.shape().isOpen();
    if (rows == 0 || body.bytes().length % rowBytes != 0 || (isFixed && rows != 1)) {
      throw BadRequest.of(
          "input \"%s\": expected %s%d bytes of shape %s of %s, found %d",
          spec.name(),
          isFixed ? "" : "a multiple of ",
          rowBytes,
          Arrays.toString(one.dims()),
          spec.type().protocolName(),
          body.bytes().length);
    }
    return view(body, 0, spec, isFixed ? spec.shape() : spec.shape().bind((int) rows));
  }

  private static NamedTensor view(InferBody body, int from, TensorSpec spec, Shape shape) {
    long bytes = shape.elements() * spec.type().bytes();
    MemorySegment data = MemorySegment.ofArray(body.bytes()).asSlice(from, bytes);
    NamedTensor tensor = new NamedTensor(spec.name(), spec.type(), shape, data);
    if (spec.type() == DataType.BOOL) {
      checkBooleans(tensor);
    }
    return tensor;
  }

  private static void checkBooleans(NamedTensor tensor) {
    for (long i = 0; i < tensor.data().byteSize(); i++) {
      byte found = tensor.data().get(ValueLayout.JAVA_BYTE, i);
      if (found != 0 && found != 1) {
        throw BadRequest.of(
            "input \"%s\": expected BOOL elements of 0 or 1, found %d at element %d",
            tensor.name(), found & 0xff, i);
      }
    }
  }
}
