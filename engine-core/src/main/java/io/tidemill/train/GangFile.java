package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The memory of a gang whose ranks live in several processes of a host: a file that all map.
 *
 * <p>The leading process creates it, for one attempt of a job, and deletes it; a process that still
 * has it mapped then writes where nobody reads. Only the user of the leading process may open it.
 *
 * <pre>
 *   0      | "TIDEGANG"        8 bytes, written last          |
 *   8      | layout version    int                            |
 *   12     | bytes of text     int                            |
 *   16     | text: {@link GangIdentity}, an empty line, the folder of the sample log |
 *   8192   | see {@link GangLayout}                           |
 * </pre>
 */
public final class GangFile implements AutoCloseable {
  private static final long MAGIC = 0x474e414745444954L;
  private static final int VERSION = 2;
  private static final int HEADER_BYTES = 8192;
  private static final int TEXT = 16;
  private static final Set<StandardOpenOption> READ_WRITE =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);

  private final Path path;
  private final Path samples;
  private final boolean isOwn;
  private final Arena mapping = Arena.ofShared();
  private final MemorySegment memory;

  private GangFile(Path path, Path samples, boolean isOwn, FileChannel channel) throws IOException {
    this.path = path;
    this.samples = samples;
    this.isOwn = isOwn;
    long bytes = channel.size();
    MemorySegment mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, mapping);
    // Plain native memory, for the reason that MappedRows gives.
    this.memory = MemorySegment.ofAddress(mapped.address()).reinterpret(bytes, mapping, null);
  }

  /** What is written in front of the memory. */
  private record Header(GangIdentity identity, Path samples) {}

  /**
   * Creates the memory of a training, all zero; what an earlier attempt left there is replaced.
   *
   * @param samples folder of the sample log
   * @param device of all who share it
   * @throws EngineException RESOURCE where there is no room for it
   */
  public static GangFile create(
      Path path, GangIdentity identity, Path samples, Training<?> training, Device device) {
    GangLayout layout = GangLayout.of(training, device, identity.ranks());
    long bytes = HEADER_BYTES + layout.bytes();
    Path folder = samples.toAbsolutePath().normalize();
    try {
      Files.deleteIfExists(path);
      Files.createFile(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try (FileChannel channel = FileChannel.open(path, READ_WRITE)) {
        reserve(channel, bytes);
        GangFile file = new GangFile(path, folder, true, channel);
        write(new Header(identity, folder), file.memory);
        return file;
      }
    } catch (IOException e) {
      throw unusable(path, bytes, e);
    }
  }

  /**
   * Who shares a memory, before it is joined.
   *
   * @throws EngineException NOT_FOUND where it is not there, or no more; INVALID_ARGUMENT where it
   *     is something else
   */
  public static GangIdentity identity(Path path) {
    try (FileChannel channel = open(path)) {
      return header(path, channel).identity();
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * Maps the memory that the leading process has created.
   *
   * @throws EngineException as {@link #identity}, or where it is not the one that is expected
   */
  public static GangFile attach(
      Path path, GangIdentity expected, Training<?> training, Device device) {
    try (FileChannel channel = open(path)) {
      Header header = header(path, channel);
      expected.requireSame(header.identity(), path.toString());
      GangLayout layout = GangLayout.of(training, device, expected.ranks());
      long bytes = HEADER_BYTES + layout.bytes();
      require(channel.size() == bytes, path, bytes + " bytes, found " + channel.size());
      return new GangFile(path, header.samples(), false, channel);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  public Path path() {
    return path;
  }

  /** Folder of the sample log. */
  public Path samples() {
    return samples;
  }

  /** What {@link GangLayout} describes. */
  MemorySegment memory() {
    return memory.asSlice(HEADER_BYTES);
  }

  /** Unmaps the memory; who created it also deletes the file. Idempotent. */
  @Override
  public void close() {
    if (mapping.scope().isAlive()) {
      mapping.close();
      if (isOwn) {
        delete();
      }
    }
  }

  /** Deletes the file where there is still one: nobody else can join. */
  public void delete() {
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, path + " cannot be deleted: " + e, e);
    }
  }

  /** Takes the room now: where it is short, a page that is touched later would end the process. */
  private static void reserve(FileChannel channel, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
    for (long at = 0; at < bytes; ) {
      at += channel.write(zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - at)), at);
    }
  }

  private static void write(Header header, MemorySegment to) {
    String text = header.identity.encode() + "\n" + header.samples;
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > HEADER_BYTES - TEXT) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "the path of the state directory is too long: " + header);
    }
    to.set(ValueLayout.JAVA_INT, 8, VERSION);
    to.set(ValueLayout.JAVA_INT, 12, bytes.length);
    MemorySegment.copy(bytes, 0, to, ValueLayout.JAVA_BYTE, TEXT, bytes.length);
    ValueLayout.JAVA_LONG.varHandle().setVolatile(to, 0L, MAGIC);
  }

  private static Header header(Path path, FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.nativeOrder());
    while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) {}
    require(!bytes.hasRemaining() && bytes.getLong(0) == MAGIC, path, "the memory of a gang");
    int version = bytes.getInt(8);
    require(version == VERSION, path, "layout version " + VERSION + ", found " + version);
    String text = new String(bytes.array(), TEXT, bytes.getInt(12), StandardCharsets.UTF_8);
    int gap = text.indexOf("\n\n");
    return new Header(
        GangIdentity.decode(text.substring(0, gap)), Path.of(text.substring(gap + 2)));
  }

  private static FileChannel open(Path path) throws IOException {
    try {
      return FileChannel.open(path, READ_WRITE);
    } catch (NoSuchFileException e) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "there is no gang to join at " + path + ": its attempt is over, or on another host",
          e);
    }
  }

  private static void require(boolean condition, Path path, String expected) {
    if (!condition) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, path + " cannot be joined: expected " + expected);
    }
  }

  private static EngineException unreadable(Path path, IOException e) {
    return new EngineException(ErrorCode.RESOURCE, path + " cannot be joined: " + e, e);
  }

  private static EngineException unusable(Path path, long bytes, IOException e) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException suppressed) {
      e.addSuppressed(suppressed);
    }
    return new EngineException(
        ErrorCode.RESOURCE,
        "the processes of a training cannot share memory: file="
            + path
            + " bytes="
            + bytes
            + ": "
            + e.getMessage()
            + "; make room there, name another folder, or train in one process",
        e);
  }
}
