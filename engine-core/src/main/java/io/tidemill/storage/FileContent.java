package io.tidemill.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** What is written into a file; called once. Two that are equal write the same bytes. */
@FunctionalInterface
public interface FileContent {
  /** Writes everything; the caller opens, syncs and closes the channel. */
  void writeTo(WritableByteChannel channel) throws IOException;

  /**
   * Whether all that is written to the channel at a time begins at a multiple of 4,096 in memory
   * off the heap and is as long as one, so that a disk can take it from there.
   */
  default boolean isOfPages() {
    return false;
  }

  /** These bytes. */
  static FileContent of(ByteBuffer bytes) {
    return new Bytes(bytes);
  }

  /** Bytes that nobody changes. */
  record Bytes(ByteBuffer bytes) implements FileContent {
    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      writeFully(channel, bytes.duplicate());
    }
  }

  /** Writes all that remains in {@code bytes}, however many calls that takes. */
  static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
