package io.tidemill.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTensorsTest {
  private static final String W =
      "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";

  @TempDir private Path folder;

  private final Arena arena = Arena.ofAuto();

  @Test
  void readsBackEveryTypeByMappingAndByCopy() throws IOException {
    Path file = folder.resolve("a.safetensors");
    Files.write(file, written(Map.of("step", "3"), fourTypes()));

    for (SafeTensors read : List.of(SafeTensors.map(file, arena), SafeTensors.copy(file, arena))) {
      assertEquals(Map.of("step", "3"), read.metadata());
      assertEquals(List.of("longs", "w", "ints", "bytes", "none"), names(read));
      assertArrayEquals(
          new float[] {1, 2, 3, 4, 5, 6}, read.tensor("w").data().toArray(ValueLayout.JAVA_FLOAT));
      assertArrayEquals(
          new long[] {7, -8}, read.tensor("longs").data().toArray(ValueLayout.JAVA_LONG));
      assertArrayEquals(new int[] {9}, read.tensor("ints").data().toArray(ValueLayout.JAVA_INT));
      assertArrayEquals(
          new byte[] {1, 2, 3}, read.tensor("bytes").data().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(Shape.of(2, 3), read.tensor("w").shape());
      assertEquals(Shape.of(), read.tensor("ints").shape());
    }
  }

  @Test
  void writesTheLayoutThatTheFormatDescribes() throws IOException {
    byte[] bytes = written(Map.of("k", "v"), List.of(floats("w", Shape.of(2), 1, 2)));

    String header =
        "{\"__metadata__\":{\"k\":\"v\"},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    int padded = (header.length() + 7) / 8 * 8;
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(padded, buffer.getLong());
    byte[] text = new byte[padded];
    buffer.get(text);
    assertEquals(header, new String(text, StandardCharsets.UTF_8).stripTrailing());
    assertEquals(1f, buffer.getFloat());
    assertEquals(2f, buffer.getFloat());
    assertEquals(0, buffer.remaining());
  }

  @Test
  void readsTensorsThatAnotherWriterDidNotAlign() {
    String header =
        "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
            + "\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}";

    SafeTensors read = parse(header, 5);

    assertEquals(0f, read.tensor("w").data().get(ValueLayout.JAVA_FLOAT, 0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "[]|0|its header is no JSON object",
        "{\"w\"|0|its header is not JSON",
        "{\"w\":{\"shape\":[1],\"data_offsets\":[0,4]}}|4|tensor w has dtype ''",
        "{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,4]}}|4|has dtype"
            + " 'F8_E4M3'; known",
        "{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}|4|lacks its shape",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}|4|lacks its shape or its offsets",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}|4|F32 [2] has 4 bytes",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}|4|shape or offset of -1",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}|4|no begin and end",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}|8|begins at 4 but 0",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}|8|need 4 bytes, but 8",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}|3|need 4 bytes, but 3",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,2147483648,2147483647],"
            + "\"data_offsets\":[0,4]}}|4|has a shape",
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647,0],"
            + "\"data_offsets\":[0,0]}}|0|has an impossible shape",
        "{\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}|0|Duplicate"
            + " field 'w'",
        "{\"__metadata__\":{\"k\":1}}|0|metadata k is no text",
      })
  void refusesAHeaderThatDoesNotDescribeItsData(String header, int dataBytes, String reason) {
    EngineException refused = assertThrows(EngineException.class, () -> parse(header, dataBytes));

    assertEquals(ErrorCode.INVALID_DATA, refused.code());
    assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    assertTrue(refused.getMessage().startsWith("test.safetensors is no whole safetensors file: "));
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] whole = written(Map.of(), List.of(floats("w", Shape.of(2), 1, 2)));

    for (int length = 0; length < whole.length; length++) {
      MemorySegment cut = MemorySegment.ofArray(whole).asSlice(0, length);
      assertThrows(EngineException.class, () -> SafeTensors.parse("cut", cut, arena));
    }
  }

  @Test
  void refusesAHeaderLengthBeyondTheFile() {
    for (long length : new long[] {0, 1, -1, 1_000, Long.MAX_VALUE}) {
      byte[] bytes = new byte[64];
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
      MemorySegment file = MemorySegment.ofArray(bytes);
      assertThrows(EngineException.class, () -> SafeTensors.parse("length", file, arena));
    }
  }

  @Test
  void namesWhatIsMissingOrOfAnotherShape() {
    SafeTensors read = parse(W, 8);

    EngineException missing = assertThrows(EngineException.class, () -> read.tensor("v"));
    EngineException other =
        assertThrows(
            EngineException.class,
            () -> read.tensor(new TensorSpec("w", DataType.FLOAT32, Shape.of(3))));

    assertEquals("test.safetensors has no tensor v; it has [w]", missing.getMessage());
    assertEquals(
        "test.safetensors: tensor w was expected as FLOAT32 [3] but found as FLOAT32 [2]",
        other.getMessage());
    EngineException noFile =
        assertThrows(EngineException.class, () -> SafeTensors.map(folder.resolve("none"), arena));
    assertEquals(ErrorCode.NOT_FOUND, noFile.code());
  }

  /** The expected digest was computed with Python's hashlib over the same bytes. */
  @Test
  void digestsNamesAndValuesInOrder() {
    NamedTensor w = floats("w", Shape.of(2), 1, 2);
    NamedTensor b = floats("b", Shape.of(1), -3);

    assertEquals(
        "e5238a8089739689cd266ff7fcb0640805976df8087d70e6972f18db99a466d9",
        WeightsDigest.sha256(List.of(w, b)));
    assertTrue(!WeightsDigest.sha256(List.of(b, w)).equals(WeightsDigest.sha256(List.of(w, b))));
  }

  private List<NamedTensor> fourTypes() {
    return List.of(
        floats("w", Shape.of(2, 3), 1, 2, 3, 4, 5, 6),
        new NamedTensor(
            "bytes", DataType.UINT8, Shape.of(3), MemorySegment.ofArray(new byte[] {1, 2, 3})),
        new NamedTensor(
            "longs", DataType.INT64, Shape.of(2), MemorySegment.ofArray(new long[] {7, -8})),
        new NamedTensor("ints", DataType.INT32, Shape.of(), MemorySegment.ofArray(new int[] {9})),
        new NamedTensor("none", DataType.UINT8, Shape.of(0), MemorySegment.ofArray(new byte[0])));
  }

  private SafeTensors parse(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    return SafeTensors.parse(
        "test.safetensors",
        arena.allocate(file.capacity(), 8).copyFrom(MemorySegment.ofArray(file.array())),
        arena);
  }

  private static byte[] written(Map<String, String> metadata, List<NamedTensor> tensors)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    SafeTensors.write(Channels.newChannel(bytes), metadata, tensors);
    return bytes.toByteArray();
  }

  private static List<String> names(SafeTensors read) {
    return read.tensors().stream().map(NamedTensor::name).toList();
  }

  private static NamedTensor floats(String name, Shape shape, float... values) {
    return new NamedTensor(name, DataType.FLOAT32, shape, MemorySegment.ofArray(values));
  }
}
