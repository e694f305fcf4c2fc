package io.tidemill.serving.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ElementTypesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "BOOL    | [true, 0, 1]                      | 1 0 1",
        "INT8    | [-128, 127]                       | -128 127",
        "UINT16  | [65535]                           | -1 -1",
        "INT16   | [-2]                              | -2 -1",
        "UINT32  | [4294967295]                      | -1 -1 -1 -1",
        "UINT64  | [18446744073709551615]            | -1 -1 -1 -1 -1 -1 -1 -1",
        "FLOAT16 | [1.5, 65504]                      | 0 62 -1 123",
        "FLOAT64 | [0.1]                             | -102 -103 -103 -103 -103 -103 -71 63",
      })
  void readsEachTypeLittleEndian(DataType type, String data, String bytes) {
    NamedTensor tensor = read(type, data, data.contains(",") ? data.split(",", -1).length : 1);

    byte[] found = tensor.data().toArray(ValueLayout.JAVA_BYTE);
    String[] expected = bytes.split(" ", -1);
    byte[] wanted = new byte[expected.length];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = Byte.parseByte(expected[i]);
    }
    assertArrayEquals(wanted, found);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "BOOL    | [2]                    | expected a number that BOOL can hold at element 0",
        "BOOL    | [\"true\"]             | expected true or false at element 0 of data",
        "INT32   | [true]                 | expected a number at element 0 of data",
        "INT8    | [128]                  | expected a number that INT8 can hold",
        "UINT16  | [-1]                   | expected a number that UINT16 can hold",
        "UINT32  | [4294967296]           | expected a number that UINT32 can hold",
        "UINT64  | [18446744073709551616] | expected a number that UINT64 can hold",
        "UINT64  | [-1]                   | expected a number that UINT64 can hold",
        "UINT64  | [1.0]                  | expected a number that UINT64 can hold",
        "FLOAT16 | [65520]                | expected a number that FP16 can hold",
        "FLOAT64 | [1e999]                | expected a number that FP64 can hold",
        "BFLOAT16| [1]                    | expected BF16 elements as binary tensor data",
      })
  void refusesWhatATypeCannotHold(DataType type, String data, String sentence) {
    EngineException e = assertThrows(EngineException.class, () -> read(type, data, 1));

    assertEquals("input \"x\": " + sentence, e.getMessage().substring(0, 11 + sentence.length()));
  }

  @Test
  void refusesToAnswerBf16InJson() {
    EngineException e =
        assertThrows(
            EngineException.class,
            () -> read(signature(DataType.INT8, DataType.BFLOAT16), "INT8", "[1]", 1));

    assertEquals(
        "output \"y\": expected it to be asked for as binary_data, because BF16 has no form in"
            + " JSON",
        e.getMessage());
  }

  @Test
  void refusesBinaryBooleansThatAreNeitherTrueNorFalse() {
    String json =
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[3],\"datatype\":\"BOOL\","
            + "\"parameters\":{\"binary_data_size\":3}}]}";
    byte[] head = json.getBytes(StandardCharsets.UTF_8);
    byte[] whole = Arrays.copyOf(head, head.length + 3);
    whole[head.length + 2] = 7;

    EngineException e =
        assertThrows(
            EngineException.class,
            () ->
                InferRequestReader.read(
                    new InferBody(whole, head.length), signature(DataType.BOOL, DataType.BOOL)));

    assertEquals(
        "input \"x\": expected BOOL elements of 0 or 1, found 7 at element 2", e.getMessage());
  }

  private static NamedTensor read(DataType type, String data, int count) {
    return read(signature(type, DataType.FLOAT32), type.protocolName(), data, count);
  }

  private static NamedTensor read(CallSignature signature, String type, String data, int count) {
    String json =
        "{\"inputs\":[{\"name\":\"x\",\"shape\":[%d],\"datatype\":\"%s\",\"data\":%s}]}"
            .formatted(count, type, data);
    InferBody body = InferBody.ofJson(json.getBytes(StandardCharsets.UTF_8));
    return InferRequestReader.read(body, signature).inputs().getFirst();
  }

  private static CallSignature signature(DataType input, DataType output) {
    return CallSignature.ofProgram(
        List.of(new TensorSpec("x", input, Shape.of(Shape.ANY))),
        List.of(new TensorSpec("y", output, Shape.of(Shape.ANY))));
  }
}
