package io.tidemill.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The length and checksum by which a stored file is recognised.
 *
 * <p>CRC32C over the whole file: it finds every burst of up to 32 bits and all but one in 2^32 of
 * other accidents, the length finds what is cut off, and the CPU computes it much faster than a
 * disk delivers, which SHA-256 does not on every machine. It guards against accidents, not against
 * forgery; weights have a SHA-256 besides.
 *
 * @param bytes length of the file
 * @param checksum {@code crc32c:} and eight hexadecimal digits
 */
public record FileSeal(long bytes, String checksum) {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final Optional<OpenOption> DIRECT = direct();

  /** Writes a new file, forces it to the disk, and returns its seal. */
  public static FileSeal write(Path path, FileContent content) throws IOException {
    return write(path, content, StandardOpenOption.CREATE_NEW);
  }

  /**
   * The same over a file that nobody needs any more. Where it is as long, the disk neither frees
   * nor allocates anything, which takes half the time of a new file.
   */
  public static FileSeal overwrite(Path path, FileContent content) throws IOException {
    return write(path, content, StandardOpenOption.CREATE);
  }

  private static FileSeal write(Path path, FileContent content, StandardOpenOption how)
      throws IOException {
    try (FileChannel file = FileChannel.open(path, how, StandardOpenOption.WRITE);
        FileChannel target = content.isOfPages() ? direct(path).orElse(file) : file) {
      Sealing channel = new Sealing(target);
      content.writeTo(channel);
      target.truncate(channel.bytes);
      target.force(false); // all that it takes to read it again, its length included
      return channel.seal();
    }
  }

  /** Past the system's cache, which costs a copy; empty where the file system has no such way. */
  @SuppressWarnings("MustBeClosedChecker") // closed by the caller
  private static Optional<FileChannel> direct(Path path) {
    if (DIRECT.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(FileChannel.open(path, StandardOpenOption.WRITE, DIRECT.get()));
    } catch (UnsupportedOperationException | IOException e) {
      return Optional.empty();
    }
  }

  /** {@code ExtendedOpenOption.DIRECT} of the JDK, by name: javac has a warning for its module. */
  private static Optional<OpenOption> direct() {
    try {
      return Arrays.stream(Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants())
          .filter(option -> option.toString().equals("DIRECT"))
          .map(OpenOption.class::cast)
          .findFirst();
    } catch (ClassNotFoundException e) {
      return Optional.empty();
    }
  }

  /** The seal of bytes in memory. */
  public static FileSeal of(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return new FileSeal(bytes.length, text(crc));
  }

  /** The seal of the file as it lies there. */
  public static FileSeal of(Path path) throws IOException {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      CRC32C crc = new CRC32C();
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
      long bytes = 0;
      while (file.read(buffer) >= 0) {
        buffer.flip();
        bytes += buffer.remaining();
        crc.update(buffer);
        buffer.clear();
      }
      return new FileSeal(bytes, text(crc));
    }
  }

  /** What is wrong with the file at {@code path}; empty where it has this seal. */
  public Optional<Damage> check(Path path) {
    try {
      long found = Files.size(path);
      if (found != bytes) {
        return Optional.of(new Damage(path, bytes + " bytes", found + " bytes"));
      }
      return compare(path, of(path));
    } catch (NoSuchFileException e) {
      return Optional.of(new Damage(path, bytes + " bytes", "no file"));
    } catch (IOException e) {
      return Optional.of(new Damage(path, "a file that can be read", e.toString()));
    }
  }

  /** The bytes of the file, checked. */
  public byte[] read(Path path) {
    try {
      byte[] found = Files.readAllBytes(path);
      compare(path, of(found))
          .ifPresent(
              damage -> {
                throw damage.toException();
              });
      return found;
    } catch (NoSuchFileException e) {
      throw new Damage(path, bytes + " bytes", "no file").toException();
    } catch (IOException e) {
      throw new Damage(path, "a file that can be read", e.toString()).toException();
    }
  }

  @Override
  public String toString() {
    return bytes + " bytes with " + checksum;
  }

  private Optional<Damage> compare(Path path, FileSeal found) {
    return equals(found)
        ? Optional.empty()
        : Optional.of(new Damage(path, toString(), found.toString()));
  }

  private static String text(CRC32C crc) {
    return "crc32c:" + HexFormat.of().toHexDigits(crc.getValue(), 8);
  }

  /** Passes bytes on and seals those that were taken. */
  private static final class Sealing implements WritableByteChannel {
    private final WritableByteChannel target;
    private final CRC32C crc = new CRC32C();
    private long bytes;

    Sealing(WritableByteChannel target) {
      this.target = target;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      ByteBuffer taken = source.duplicate();
      int written = target.write(source);
      taken.limit(taken.position() + written);
      crc.update(taken);
      bytes += written;
      return written;
    }

    @Override
    public boolean isOpen() {
      return target.isOpen();
    }

    @Override
    public void close() throws IOException {
      target.close();
    }

    FileSeal seal() {
      return new FileSeal(bytes, text(crc));
    }
  }
}
