package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.storage.FileContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import org.junit.jupiter.api.Test;

class CopyMemoryTest {
  private final WritableByteChannel file = Channels.newChannel(new ByteArrayOutputStream());
  private final CopyMemory memory = new CopyMemory(4);

  @Test
  void usesMemoryAgainOnceItIsWritten() throws IOException {
    MemorySegment first = memory.take();
    FileContent content = memory.last(first, contentOf(first));
    MemorySegment beforeItIsWritten = memory.take();
    content.writeTo(file);
    MemorySegment behind = memory.take();

    assertNotEquals(first.address(), beforeItIsWritten.address());
    assertEquals(first.address(), behind.address());
  }

  @Test
  void leavesMemoryThatCouldNotBeWrittenToItsCopy() {
    MemorySegment first = memory.take();
    FileContent content =
        memory.last(
            first,
            _ -> {
              throw new IOException("no space left");
            });
    assertThrows(IOException.class, () -> content.writeTo(file));

    assertNotEquals(first.address(), memory.take().address());
  }

  private static FileContent contentOf(MemorySegment copy) {
    return channel -> FileContent.writeFully(channel, copy.asByteBuffer());
  }
}
