package io.tidemill.connector.csv;

import io.tidemill.connector.SinkWriter;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.BiConsumer;

/** Appends rows to {@code FILE.part}, and renames it at the end. Confined to one thread. */
final class CsvSinkWriter<T> implements SinkWriter<T> {
  private static final int BUFFER_BYTES = 1 << 16;

  private final Path path;
  private final Path part;
  private final BiConsumer<T, CsvLine> formatter;
  private final CsvLine line = new CsvLine();
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
  private final FileChannel channel;

  CsvSinkWriter(
      Path path, List<String> header, BiConsumer<T, CsvLine> formatter, byte[] restoredState) {
    this.path = path;
    this.part = path.resolveSibling(path.getFileName() + ".part");
    this.formatter = formatter;
    try {
      if (restoredState.length == 0) {
        channel = openPart(0);
        header.forEach(line::add);
        appendLine();
      } else {
        channel = openPart(ByteBuffer.wrap(restoredState).getLong());
      }
    } catch (IOException e) {
      throw failed("be opened", e);
    }
  }

  @Override
  public void write(T record) {
    formatter.accept(record, line);
    try {
      appendLine();
    } catch (IOException e) {
      throw failed("be written", e);
    }
  }

  @Override
  public byte[] prepare() {
    try {
      flush();
      channel.force(false);
      return ByteBuffer.allocate(Long.BYTES).putLong(channel.position()).array();
    } catch (IOException e) {
      throw failed("be written", e);
    }
  }

  /** Nothing to do: what is prepared stays, and becomes visible at the end. */
  @Override
  public void commit(byte[] state) {}

  @Override
  public void finish() {
    try {
      flush();
      channel.force(true);
      channel.close();
      Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failed("be finished", e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed("be closed", e);
    }
  }

  private FileChannel openPart(long length) throws IOException {
    if (length > 0) {
      takeBack();
    }
    long found = Files.exists(part) ? Files.size(part) : 0;
    if (found < length) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE,
          "%s is shorter than the checkpoint says: expected at least %,d bytes, found %,d; start the job anew"
              .formatted(part, length, found));
    }
    FileChannel opened =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    opened.truncate(length);
    opened.position(length);
    return opened;
  }

  /** A job that died between the renaming and its own end goes on with the renamed file. */
  private void takeBack() throws IOException {
    if (Files.notExists(part) && Files.exists(path)) {
      Files.move(path, part, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private void appendLine() throws IOException {
    byte[] bytes = line.text().append('\n').toString().getBytes(StandardCharsets.UTF_8);
    line.clear();
    if (bytes.length > buffer.remaining()) {
      flush();
    }
    if (bytes.length > buffer.capacity()) {
      writeFully(ByteBuffer.wrap(bytes));
    } else {
      buffer.put(bytes);
    }
  }

  private void flush() throws IOException {
    writeFully(buffer.flip());
    buffer.clear();
  }

  private void writeFully(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private EngineException failed(String what, IOException cause) {
    return new EngineException(
        ErrorCode.RESOURCE, part + " cannot " + what + ": " + cause.getMessage(), cause);
  }
}
