package io.tidemill.train;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A mapped file of a sample log. Its rows are read as plain native memory, like those of the tests'
 * examples and of requests: a loop over rows then sees one class of segments and is compiled once.
 */
record MappedRows(MemorySegment mapped, MemorySegment rows) {
  /** Bytes of a file, about. */
  static final long FILE_BYTES = 4 << 20;

  private static final int BUFFER_BYTES = 1 << 18;

  /** Of the machine's memory, so that the rest is left to the job and to others. */
  private static final double CACHED_SHARE = 0.5;

  static MappedRows of(FileChannel channel, FileChannel.MapMode mode, long bytes, Arena mapping)
      throws IOException {
    MemorySegment mapped = channel.map(mode, 0, bytes, mapping);
    MemorySegment memory = MemorySegment.ofAddress(mapped.address());
    return new MappedRows(mapped, memory.reinterpret(bytes, mapping, null));
  }

  static Path file(Path folder, int index) {
    return folder.resolve(String.format("%06d.rows", index));
  }

  /**
   * The checksum of the first bytes of a file. They are read and not mapped: a page that is mapped
   * takes longer to be there for the first time than to be read.
   */
  static CRC32C checksum(Path file, long bytes) throws IOException {
    CRC32C checksum = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long left = bytes;
      while (left > 0
          && channel.read(buffer.clear().limit((int) Math.min(BUFFER_BYTES, left))) > 0) {
        left -= buffer.flip().remaining();
        checksum.update(buffer);
      }
    }
    return checksum;
  }

  /** Rows of a file of about so many bytes. */
  static long rowsOf(long fileBytes, int rowBytes) {
    return Math.max(1, fileBytes / rowBytes);
  }

  /** Bytes of the largest log that memory is taken to hold. */
  static long mostCachedBytes() {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return (long) (CACHED_SHARE * system.getTotalMemorySize());
  }
}
