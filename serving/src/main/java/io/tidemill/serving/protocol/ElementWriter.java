package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;

/**
 * Writes elements of tensors as JSON.
 *
 * <p>Floats are written with the fewest digits that read back as the same float. JSON has no
 * infinity and no NaN: they are written as {@code ±1e999}, which parsers read as infinity, and as
 * {@code null}, which NumPy reads as NaN. Requests are refused before they ask BF16 of it.
 */
final class ElementWriter {
  private ElementWriter() {}

  static void write(JsonGenerator json, NamedTensor tensor, long index) throws IOException {
    DataType type = tensor.type();
    MemorySegment data = tensor.data();
    switch (type) {
      case FLOAT32 -> writeFloat(json, data.getAtIndex(ValueLayout.JAVA_FLOAT, index));
      case FLOAT64 -> writeDouble(json, data.getAtIndex(ValueLayout.JAVA_DOUBLE, index));
      case FLOAT16 ->
          writeFloat(json, Float.float16ToFloat(data.getAtIndex(ValueLayout.JAVA_SHORT, index)));
      case BFLOAT16 -> throw new IllegalArgumentException("BF16 has no form in JSON");
      case BOOL -> json.writeBoolean(data.get(ValueLayout.JAVA_BYTE, index) != 0);
      case INT8 -> json.writeNumber(data.get(ValueLayout.JAVA_BYTE, index));
      case UINT8 -> json.writeNumber(data.get(ValueLayout.JAVA_BYTE, index) & 0xff);
      case INT16 -> json.writeNumber(data.getAtIndex(ValueLayout.JAVA_SHORT, index));
      case UINT16 -> json.writeNumber(data.getAtIndex(ValueLayout.JAVA_SHORT, index) & 0xffff);
      case INT32 -> json.writeNumber(data.getAtIndex(ValueLayout.JAVA_INT, index));
      case UINT32 ->
          json.writeNumber(Integer.toUnsignedLong(data.getAtIndex(ValueLayout.JAVA_INT, index)));
      case INT64 -> json.writeNumber(data.getAtIndex(ValueLayout.JAVA_LONG, index));
      case UINT64 ->
          json.writeNumber(
              new BigInteger(Long.toUnsignedString(data.getAtIndex(ValueLayout.JAVA_LONG, index))));
    }
  }

  private static void writeFloat(JsonGenerator json, float value) throws IOException {
    if (Float.isFinite(value)) {
      json.writeNumber(value);
    } else {
      writeNonFinite(json, value);
    }
  }

  private static void writeDouble(JsonGenerator json, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumber(value);
    } else {
      writeNonFinite(json, value);
    }
  }

  private static void writeNonFinite(JsonGenerator json, double value) throws IOException {
    if (Double.isNaN(value)) {
      json.writeNull();
    } else {
      json.writeRawValue(value > 0 ? "1e999" : "-1e999");
    }
  }
}
