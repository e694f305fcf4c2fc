package io.tidemill.train;

import com.sun.management.OperatingSystemMXBean;
import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * The rows that a training reads, in the order in which they were sequenced.
 *
 * <p>Fixed-width rows in files of the job's folder, mapped into memory: what fits stays in the page
 * cache, the rest is on disk, and a checkpoint refers to the files instead of copying them. Rows
 * are only ever appended; a checkpoint holds their number and checksums.
 *
 * <p>Threads: one appends, snapshots and trims; any thread reads rows below {@link #length}.
 */
public final class SampleLog implements AutoCloseable {
  private static final long SEGMENT_BYTES = 4 << 20;

  /** Of the machine's memory, so that the rest is left to the job and to others. */
  private static final double CACHED_SHARE = 0.5;

  private final Path folder;
  private final int rowBytes;
  private final long segmentRows;
  private final long mostCachedBytes;

  /** Holds the mapping of each segment; null where it was trimmed. */
  private final List<Arena> mappings = new ArrayList<>();

  /** Mappings of trimmed segments, which {@link #force} may still be reading. */
  private final List<Arena> retired = new ArrayList<>();

  private final List<CRC32C> checksums = new ArrayList<>();
  private long checksummed;
  private long trimmed;

  /** Replaced when a segment is added, so that readers may use it without a lock. */
  private volatile Segment[] segments = {};

  private volatile long length;
  private volatile boolean sealed;
  private volatile boolean readAhead;

  /** An empty log, written into {@code folder}. */
  public SampleLog(Path folder, int rowBytes) {
    this(folder, rowBytes, SEGMENT_BYTES);
  }

  /** {@code segmentBytes}: bytes of a file, about. */
  SampleLog(Path folder, int rowBytes, long segmentBytes) {
    this(folder, rowBytes, segmentBytes, (long) (CACHED_SHARE * memoryBytes()));
  }

  /**
   * @param segmentBytes bytes of a file, about
   * @param mostCachedBytes of the largest log that memory is taken to hold
   */
  SampleLog(Path folder, int rowBytes, long segmentBytes, long mostCachedBytes) {
    this.mostCachedBytes = mostCachedBytes;
    this.folder = folder;
    this.rowBytes = rowBytes;
    this.segmentRows = Math.max(1, segmentBytes / rowBytes);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the sample log cannot be written: folder=" + folder + ": " + e, e);
    }
  }

  /** Where the next row is to be written; {@link #append} then makes it visible. */
  MemorySegment next() {
    int segment = (int) (length / segmentRows);
    if (segment == segments.length) {
      addSegment();
    }
    return rowAt(length);
  }

  void append() {
    long rows = length + 1; // one thread appends
    length = rows;
  }

  /** Rows that may be read. */
  public long length() {
    return length;
  }

  /** Whether no row will be added any more. */
  public boolean isSealed() {
    return sealed;
  }

  void seal() {
    sealed = true;
  }

  /**
   * Prepares a sealed log to be read in any order. Where memory cannot be taken to hold it, the
   * system is told to read nothing beside what it is asked for, and rows are to be {@linkplain
   * #expect expected} (docs/design/0009).
   */
  void shuffle() {
    if (length * rowBytes > mostCachedBytes) {
      for (Segment segment : segments) {
        PageAdvice.random(segment.mapped);
      }
      readAhead = true;
    }
  }

  /** Whether rows should be expected some time before they are read. */
  boolean isReadAhead() {
    return readAhead;
  }

  /** Has a row on its way into memory, without waiting for it. */
  void expect(long index) {
    PageAdvice.willNeed(rowAt(index));
  }

  /** Row {@code index} below {@link #length}. */
  public MemorySegment row(long index) {
    return rowAt(index);
  }

  /**
   * Number of rows and checksums of their segments; the rows so far are then part of a checkpoint.
   */
  byte[] snapshot() {
    updateChecksums();
    ByteWriter out = new ByteWriter();
    out.writeInt(rowBytes);
    out.writeLong(length);
    out.writeLong(trimmed);
    out.writeVarInt(checksums.size());
    checksums.forEach(checksum -> out.writeLong(checksum.getValue()));
    return out.toByteArray();
  }

  /** Makes the first {@code rows} rows durable. Any thread. */
  void force(long rows) {
    Segment[] present = segments;
    for (int i = 0; i < present.length && i * segmentRows < rows; i++) {
      if (present[i] != null) {
        present[i].mapped.force();
      }
    }
  }

  /**
   * Takes up a log where {@link #snapshot} left it; a damaged row is an error that names the file.
   */
  void restore(byte[] snapshot) {
    ByteReader in = new ByteReader(snapshot);
    int storedRowBytes = in.readInt();
    if (storedRowBytes != rowBytes) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE,
          "the sample log has rows of another width: folder="
              + folder
              + " expected="
              + rowBytes
              + " found="
              + storedRowBytes);
    }
    long rows = in.readLong();
    trimmed = in.readLong();
    int count = in.readVarInt();
    length = rows;
    for (int i = 0; i < count; i++) {
      addSegment();
      verify(i, in.readLong());
    }
  }

  /**
   * Deletes the files whose rows are all below {@code row}; they must not be read again. Called
   * when a checkpoint is committed: what {@link #force} was at when it was called before has ended
   * then.
   */
  void trim(long row) {
    retired.forEach(Arena::close);
    retired.clear();
    updateChecksums(); // of rows that will be gone
    while ((trimmed + 1) * segmentRows <= row) {
      int segment = (int) trimmed++;
      segments[segment] = null;
      retired.add(mappings.set(segment, null));
      try {
        Files.deleteIfExists(file(segment));
      } catch (IOException e) {
        throw new EngineException(ErrorCode.RESOURCE, "cannot delete " + file(segment), e);
      }
    }
  }

  @Override
  public void close() {
    retired.forEach(Arena::close);
    retired.clear();
    mappings.stream().filter(Objects::nonNull).forEach(Arena::close);
    mappings.clear();
  }

  private static long memoryBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  private MemorySegment rowAt(long index) {
    MemorySegment rows = segments[(int) (index / segmentRows)].rows;
    return rows.asSlice(index % segmentRows * rowBytes, rowBytes);
  }

  @SuppressWarnings("MustBeClosedChecker") // closed by trim() or close()
  private void addSegment() {
    int index = segments.length;
    Segment[] more = new Segment[index + 1];
    System.arraycopy(segments, 0, more, 0, index);
    Arena mapping = index < trimmed ? null : Arena.ofShared();
    mappings.add(mapping);
    more[index] = mapping == null ? null : Segment.of(map(index, mapping), mapping);
    checksums.add(new CRC32C());
    segments = more;
  }

  private MemorySegment map(int segment, Arena mapping) {
    try (FileChannel channel =
        FileChannel.open(
            file(segment),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      reserve(channel);
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, segmentRows * rowBytes, mapping);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "the sample log cannot be written: file="
              + file(segment)
              + ": "
              + e.getMessage()
              + "; make room on the disk or give another folder with --state",
          e);
    }
  }

  /** Writes the file full of zeros: a full disk must fail here, not when a row goes into a page. */
  private void reserve(FileChannel channel) throws IOException {
    long end = segmentRows * rowBytes;
    ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
    for (long at = channel.size(); at < end; ) {
      at += channel.write(zeros.clear().limit((int) Math.min(zeros.capacity(), end - at)), at);
    }
  }

  private void updateChecksums() {
    while (checksummed < length) {
      int segment = (int) (checksummed / segmentRows);
      long end = Math.min(length, (segment + 1) * segmentRows);
      update(checksums.get(segment), segment, checksummed, end);
      checksummed = end;
    }
  }

  private void update(CRC32C checksum, int segment, long fromRow, long toRow) {
    long start = (fromRow - segment * segmentRows) * rowBytes;
    checksum.update(
        segments[segment].rows.asSlice(start, (toRow - fromRow) * rowBytes).asByteBuffer());
  }

  private void verify(int segment, long expected) {
    if (segments[segment] == null) {
      return;
    }
    long from = segment * segmentRows;
    long to = Math.min(length, from + segmentRows);
    update(checksums.get(segment), segment, from, to);
    checksummed = to;
    long found = checksums.get(segment).getValue();
    if (found != expected) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE,
          "the sample log is damaged: file="
              + file(segment)
              + " expected checksum="
              + Long.toHexString(expected)
              + " found="
              + Long.toHexString(found));
    }
  }

  private Path file(int segment) {
    return folder.resolve(String.format("%06d.rows", segment));
  }

  /**
   * A mapped file. Its rows are read as plain native memory, like those of the tests' examples and
   * of requests: a loop over rows then sees one class of segments and is compiled once.
   */
  private record Segment(MemorySegment mapped, MemorySegment rows) {
    static Segment of(MemorySegment mapped, Arena mapping) {
      MemorySegment memory = MemorySegment.ofAddress(mapped.address());
      return new Segment(mapped, memory.reinterpret(mapped.byteSize(), mapping, null));
    }
  }
}
