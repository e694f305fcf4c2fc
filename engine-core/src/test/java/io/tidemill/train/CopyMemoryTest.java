package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidemill.storage.FileContent;
import io.tidemill.storage.FileSeal;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.SafeTensors;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorImage;
import io.tidemill.tensor.TensorSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CopyMemoryTest {
  private final WritableByteChannel file = Channels.newChannel(new ByteArrayOutputStream());
  private final CopyMemory memory =
      new CopyMemory(
          () ->
              TensorImage.allocate(
                  List.of(new TensorSpec("w", DataType.FLOAT32, Shape.of(4))),
                  Map.of("step", "10")));

  @Test
  void usesMemoryAgainOnceItIsWritten() throws IOException {
    TensorImage first = memory.take();
    FileContent content = memory.file(first, Map.of());
    TensorImage beforeItIsWritten = memory.take();
    content.writeTo(file);
    TensorImage behind = memory.take();

    assertNotSame(first, beforeItIsWritten);
    assertSame(first, behind);
  }

  @Test
  void isWrittenOverALongerFileOfADisk(@TempDir Path disk) throws IOException {
    assertIsWrittenOverALongerFile(disk.resolve("w.safetensors"));
  }

  /** Where files are in memory there may be no way past the system's cache. */
  @Test
  void isWrittenOverALongerFileInMemory() throws IOException {
    Path shared = Path.of("/dev/shm");
    assumeTrue(Files.isWritable(shared), "there is no file system in memory here");
    Path file = Files.createTempFile(shared, "tidemill", ".safetensors");
    try {
      assertIsWrittenOverALongerFile(file);
    } finally {
      Files.delete(file);
    }
  }

  private void assertIsWrittenOverALongerFile(Path file) throws IOException {
    Files.write(file, new byte[10_000]);
    TensorImage copy = memory.take();
    copy.tensors().getFirst().data().copyFrom(MemorySegment.ofArray(new float[] {1, 2, 3, 4}));

    FileSeal seal = FileSeal.overwrite(file, memory.file(copy, Map.of("step", "7")));

    assertEquals(Optional.empty(), seal.check(file));
    assertEquals(4096, seal.bytes());
    try (Arena arena = Arena.ofConfined()) {
      SafeTensors stored = SafeTensors.map(file, arena);
      assertEquals(Map.of("step", "7"), stored.metadata());
      assertArrayEquals(
          new float[] {1, 2, 3, 4}, stored.tensor("w").data().toArray(ValueLayout.JAVA_FLOAT));
    }
  }

  @Test
  void leavesMemoryThatCouldNotBeWrittenToItsCopy() throws IOException {
    Pipe.SinkChannel closed = Pipe.open().sink();
    closed.close();
    TensorImage first = memory.take();
    FileContent content = memory.file(first, Map.of());
    assertThrows(IOException.class, () -> content.writeTo(closed));

    assertNotSame(first, memory.take());
  }
}
