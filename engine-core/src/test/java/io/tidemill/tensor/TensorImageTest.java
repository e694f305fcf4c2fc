package io.tidemill.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.error.EngineException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TensorImageTest {
  private static final List<TensorSpec> SPECS =
      List.of(
          new TensorSpec("w", DataType.FLOAT32, Shape.of(2, 3)),
          new TensorSpec("b", DataType.FLOAT32, Shape.of(1)));

  private final TensorImage image = TensorImage.allocate(SPECS, Map.of("step", "123456789"));

  @Test
  void writesAFileThatIsReadAsItWasCopied() throws IOException {
    fill(image, "w", 1, 2, 3, 4, 5, 6);
    fill(image, "b", 7);

    SafeTensors read = read(image, Map.of("step", "12"));

    assertEquals(Map.of("step", "12"), read.metadata());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, floats(read.tensor(SPECS.get(0))));
    assertArrayEquals(new float[] {7}, floats(read.tensor(SPECS.get(1))));
  }

  @Test
  void writesItsMemoryAgainWithOtherMetadata() throws IOException {
    read(image, Map.of("step", "123456789"));
    fill(image, "b", 8);

    SafeTensors read = read(image, Map.of("step", "1"));

    assertEquals(Map.of("step", "1"), read.metadata());
    assertArrayEquals(new float[] {8}, floats(read.tensor(SPECS.get(1))));
  }

  @Test
  void writesWholePagesThatBeginAtOne() throws IOException {
    TensorImage large =
        TensorImage.allocate(
            List.of(new TensorSpec("w", DataType.FLOAT32, Shape.of(3_000_001))), Map.of());
    List<Long> misfits = new ArrayList<>();
    Bytes bytes =
        new Bytes() {
          @Override
          public int write(ByteBuffer source) {
            long address = MemorySegment.ofBuffer(source).address();
            misfits.add(address % TensorImage.PAGE + source.remaining() % TensorImage.PAGE);
            return super.write(source);
          }
        };

    large.writeTo(bytes, Map.of());

    assertEquals(List.of(0L, 0L), misfits);
    assertEquals(12_001_280, bytes.count);
  }

  @Test
  void refusesMetadataForWhichThereIsNoRoom() {
    assertThrows(EngineException.class, () -> read(image, Map.of("step", "1".repeat(8_000))));
  }

  private static void fill(TensorImage image, String name, float... values) {
    NamedTensor tensor =
        image.tensors().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    tensor.data().copyFrom(MemorySegment.ofArray(values));
  }

  private static float[] floats(NamedTensor tensor) {
    return tensor.data().toArray(ValueLayout.JAVA_FLOAT);
  }

  private static SafeTensors read(TensorImage image, Map<String, String> metadata)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    image.writeTo(Channels.newChannel(bytes), metadata);
    return SafeTensors.parse("test", MemorySegment.ofArray(bytes.toByteArray()), Arena.ofAuto());
  }

  /** Counts what it is given. */
  private static class Bytes implements WritableByteChannel {
    private long count;

    @Override
    public int write(ByteBuffer source) {
      int bytes = source.remaining();
      source.position(source.limit());
      count += bytes;
      return bytes;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
