package io.tidemill.serving.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.tidemill.serving.inference.ZeroTensors;
import io.tidemill.serving.proto.InferTensorContents;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The elements of tensors as messages have them: bytes, little-endian and row-major, or a list of
 * numbers. Any thread.
 *
 * <p>Numbers that the datatype cannot hold are refused; FP16 and BF16 have no list and come as
 * bytes only, as the protocol says.
 */
final class Contents {
  private Contents() {}

  /** A tensor of {@code raw} bytes. */
  static NamedTensor read(TensorSpec spec, Shape shape, ByteString raw) {
    long expected = shape.elements() * spec.type().bytes();
    if (raw.size() != expected) {
      throw Refusals.invalid(
          "input \"%s\": expected %d bytes of raw_input_contents for shape %s of %s, found %d",
          spec.name(), expected, shape, spec.type().protocolName(), raw.size());
    }
    NamedTensor tensor = ZeroTensors.of(spec.name(), spec.type(), shape);
    tensor.data().copyFrom(MemorySegment.ofBuffer(raw.asReadOnlyByteBuffer()));
    if (spec.type() == DataType.BOOL) {
      checkBooleans(tensor);
    }
    return tensor;
  }

  /** A tensor of the list in {@code contents} that suits its datatype. */
  static NamedTensor read(TensorSpec spec, Shape shape, InferTensorContents contents) {
    int count = count(spec.type(), contents);
    // Before there is memory for it: the shape is only what the client says.
    if (count != shape.elements()) {
      throw Refusals.invalid(
          "input \"%s\": expected %d elements in %s for shape %s, found %d",
          spec.name(), shape.elements(), listName(spec.type()), shape, count);
    }
    NamedTensor tensor = ZeroTensors.of(spec.name(), spec.type(), shape);
    for (int i = 0; i < count; i++) {
      put(spec, tensor.data(), i, contents);
    }
    return tensor;
  }

  /** The elements of a tensor as bytes. */
  static ByteString raw(NamedTensor tensor) {
    byte[] bytes = new byte[Math.toIntExact(tensor.data().byteSize())];
    MemorySegment.ofArray(bytes).copyFrom(tensor.data());
    return UnsafeByteOperations.unsafeWrap(bytes);
  }

  /** Whether the datatype has a list of numbers. */
  static boolean isListable(DataType type) {
    return type != DataType.FLOAT16 && type != DataType.BFLOAT16;
  }

  /** The elements of a tensor as a list of numbers. */
  static InferTensorContents list(NamedTensor tensor) {
    InferTensorContents.Builder list = InferTensorContents.newBuilder();
    int elements = Math.toIntExact(tensor.shape().elements());
    for (int i = 0; i < elements; i++) {
      add(tensor.type(), tensor.data(), i, list);
    }
    return list.build();
  }

  private static void add(
      DataType type, MemorySegment data, int i, InferTensorContents.Builder list) {
    switch (type) {
      case FLOAT32 -> list.addFp32Contents(data.getAtIndex(ValueLayout.JAVA_FLOAT, i));
      case FLOAT64 -> list.addFp64Contents(data.getAtIndex(ValueLayout.JAVA_DOUBLE, i));
      case INT64 -> list.addInt64Contents(data.getAtIndex(ValueLayout.JAVA_LONG, i));
      case UINT64 -> list.addUint64Contents(data.getAtIndex(ValueLayout.JAVA_LONG, i));
      case INT32 -> list.addIntContents(data.getAtIndex(ValueLayout.JAVA_INT, i));
      case UINT32 -> list.addUintContents(data.getAtIndex(ValueLayout.JAVA_INT, i));
      case INT16 -> list.addIntContents(data.getAtIndex(ValueLayout.JAVA_SHORT, i));
      case UINT16 ->
          list.addUintContents(Short.toUnsignedInt(data.getAtIndex(ValueLayout.JAVA_SHORT, i)));
      case INT8 -> list.addIntContents(data.get(ValueLayout.JAVA_BYTE, i));
      case UINT8 -> list.addUintContents(Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, i)));
      case BOOL -> list.addBoolContents(data.get(ValueLayout.JAVA_BYTE, i) != 0);
      case FLOAT16, BFLOAT16 -> throw new IllegalArgumentException(type + " has no list");
    }
  }

  private static void put(
      TensorSpec spec, MemorySegment data, int i, InferTensorContents contents) {
    switch (spec.type()) {
      case FLOAT32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, contents.getFp32Contents(i));
      case FLOAT64 -> data.setAtIndex(ValueLayout.JAVA_DOUBLE, i, contents.getFp64Contents(i));
      case INT64 -> data.setAtIndex(ValueLayout.JAVA_LONG, i, contents.getInt64Contents(i));
      case UINT64 -> data.setAtIndex(ValueLayout.JAVA_LONG, i, contents.getUint64Contents(i));
      case INT32 -> data.setAtIndex(ValueLayout.JAVA_INT, i, contents.getIntContents(i));
      case UINT32 -> data.setAtIndex(ValueLayout.JAVA_INT, i, contents.getUintContents(i));
      case INT16 -> {
        int value = within(spec, i, contents.getIntContents(i), Short.MIN_VALUE, Short.MAX_VALUE);
        data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) value);
      }
      case UINT16 -> {
        int value = within(spec, i, contents.getUintContents(i), 0, (1 << 16) - 1);
        data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) value);
      }
      case INT8 -> {
        int value = within(spec, i, contents.getIntContents(i), Byte.MIN_VALUE, Byte.MAX_VALUE);
        data.set(ValueLayout.JAVA_BYTE, i, (byte) value);
      }
      case UINT8 -> {
        int value = within(spec, i, contents.getUintContents(i), 0, (1 << 8) - 1);
        data.set(ValueLayout.JAVA_BYTE, i, (byte) value);
      }
      case BOOL -> data.set(ValueLayout.JAVA_BYTE, i, (byte) (contents.getBoolContents(i) ? 1 : 0));
      case FLOAT16, BFLOAT16 -> throw new IllegalArgumentException(spec.type() + " has no list");
    }
  }

  private static int within(TensorSpec spec, int index, int value, int least, int most) {
    if (value < least || value > most) {
      throw Refusals.invalid(
          "input \"%s\": expected %s elements from %d to %d, found %d at element %d",
          spec.name(), spec.type().protocolName(), least, most, value, index);
    }
    return value;
  }

  private static int count(DataType type, InferTensorContents contents) {
    return switch (type) {
      case FLOAT32 -> contents.getFp32ContentsCount();
      case FLOAT64 -> contents.getFp64ContentsCount();
      case INT64 -> contents.getInt64ContentsCount();
      case UINT64 -> contents.getUint64ContentsCount();
      case INT32, INT16, INT8 -> contents.getIntContentsCount();
      case UINT32, UINT16, UINT8 -> contents.getUintContentsCount();
      case BOOL -> contents.getBoolContentsCount();
      case FLOAT16, BFLOAT16 -> 0;
    };
  }

  private static String listName(DataType type) {
    return switch (type) {
      case FLOAT32 -> "fp32_contents";
      case FLOAT64 -> "fp64_contents";
      case INT64 -> "int64_contents";
      case UINT64 -> "uint64_contents";
      case INT32, INT16, INT8 -> "int_contents";
      case UINT32, UINT16, UINT8 -> "uint_contents";
      case BOOL -> "bool_contents";
      case FLOAT16, BFLOAT16 -> "raw_input_contents";
    };
  }

  private static void checkBooleans(NamedTensor tensor) {
    for (long i = 0; i < tensor.data().byteSize(); i++) {
      byte found = tensor.data().get(ValueLayout.JAVA_BYTE, i);
      if (found != 0 && found != 1) {
        throw Refusals.invalid(
            "input \"%s\": expected BOOL elements of 0 or 1, found %d at element %d",
            tensor.name(), found & 0xff, i);
      }
    }
  }
}
