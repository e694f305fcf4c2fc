package io.tidemill.connector.file;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A file that a user gave, plain or gzip, read from its beginning.
 *
 * <p>What is wrong with it becomes one sentence that names the file. Whether it is gzip is decided
 * by its first two bytes, and a name that ends in {@code .gz} has to keep its word.
 *
 * @param path as the user wrote it
 */
public record InputFile(Path path) {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int GZIP_MAGIC = 0x1f8b;

  public InputFile {
    Objects.requireNonNull(path);
  }

  /** The last part of the path, for sentences about a line in it. */
  public String name() {
    return String.valueOf(path.getFileName());
  }

  /**
   * The content, decompressed where it is gzip. The caller closes it.
   *
   * <p>Refuses a file that is missing, is not a file, cannot be read, or is falsely called .gz; a
   * truncated or damaged one is refused by the read that comes to the place.
   */
  public InputStream open() {
    boolean gzip = isGzip();
    try {
      InputStream raw = Files.newInputStream(path);
      try {
        return new BufferedInputStream(
            gzip ? new GunzipStream(raw) : raw, gzip ? BUFFER_BYTES / 2 : BUFFER_BYTES);
      } catch (IOException e) {
        raw.close();
        throw e;
      }
    } catch (EOFException | ZipException e) {
      throw damaged(e, 0);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /**
   * The size of the content when decompressed.
   *
   * <p>Of gzip it is what the trailer says: modulo 4 GiB, and of the last member alone.
   */
  public long contentBytes() {
    boolean gzip = isGzip();
    try (SeekableByteChannel channel = Files.newByteChannel(path)) {
      if (!gzip) {
        return channel.size();
      }
      ByteBuffer trailer = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      channel.position(Math.max(0, channel.size() - Integer.BYTES));
      return channel.read(trailer) == Integer.BYTES ? Integer.toUnsignedLong(trailer.getInt(0)) : 0;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private boolean isGzip() {
    if (Files.notExists(path)) {
      throw new EngineException(ErrorCode.NOT_FOUND, path + " does not exist: give a file to read");
    }
    if (!Files.isRegularFile(path)) {
      throw new EngineException(
          ErrorCode.INVALID_DATA, path + " is not a file: expected a file, found a directory");
    }
    boolean gzip = magic() == GZIP_MAGIC;
    if (!gzip && name().endsWith(".gz")) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          path
              + " is called .gz but is not gzip: its first bytes are not 1f 8b;"
              + " compress it with gzip, or rename it if it is not compressed");
    }
    return gzip;
  }

  private int magic() {
    try (InputStream in = Files.newInputStream(path)) {
      return in.read() << 8 | in.read();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private EngineException unreadable(IOException cause) {
    return new EngineException(
        ErrorCode.INVALID_DATA, path + " cannot be read: " + cause.getMessage(), cause);
  }

  private EngineException damaged(IOException cause, long contentBytes) {
    String how = cause instanceof EOFException ? "is truncated" : "is damaged";
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "%s %s: its gzip data breaks off after %,d decompressed bytes; copy or download it again"
            .formatted(path, how, contentBytes),
        cause);
  }

  /** Decompresses, and says where it could not. */
  private final class GunzipStream extends InputStream {
    private final GZIPInputStream in;
    private long contentBytes;

    private GunzipStream(InputStream raw) throws IOException {
      this.in = new GZIPInputStream(raw, BUFFER_BYTES);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      try {
        int read = in.read(target, offset, length);
        contentBytes += Math.max(0, read);
        return read;
      } catch (EOFException | ZipException e) {
        throw damaged(e, contentBytes);
      }
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
