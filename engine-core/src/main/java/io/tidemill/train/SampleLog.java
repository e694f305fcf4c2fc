package io.tidemill.train;

import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
 * <p>Threads: one appends, snapshots and trims; any thread reads rows below {@link #length}, and so
 * do other processes, by a {@link SampleLogReader}.
 */
public final class SampleLog implements SampleRows, AutoCloseable {
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

  /** Rows that are durable; of the thread that {@linkplain #force forces}. */
  private volatile long forced;

  private final LogExtent extent;

  /** Replaced when a segment is added, so that readers may use it without a lock. */
  private volatile MappedRows[] segments = {};

  private volatile boolean readAhead;

  /** An empty log, written into {@code folder}. */
  public SampleLog(Path folder, int rowBytes) {
    this(folder, rowBytes, LogExtent.ofProcess());
  }

  /** {@code extent} says how far it reaches. */
  SampleLog(Path folder, int rowBytes, LogExtent extent) {
    this(folder, rowBytes, MappedRows.FILE_BYTES, MappedRows.mostCachedBytes(), extent);
  }

  /** {@code segmentBytes}: bytes of a file, about. */
  SampleLog(Path folder, int rowBytes, long segmentBytes) {
    this(folder, rowBytes, segmentBytes, MappedRows.mostCachedBytes());
  }

  SampleLog(Path folder, int rowBytes, long segmentBytes, long mostCachedBytes) {
    this(folder, rowBytes, segmentBytes, mostCachedBytes, LogExtent.ofProcess());
  }

  /**
   * @param segmentBytes bytes of a file, about
   * @param mostCachedBytes of the largest log that memory is taken to hold
   */
  private SampleLog(
      Path folder, int rowBytes, long segmentBytes, long mostCachedBytes, LogExtent extent) {
    this.extent = extent;
    this.mostCachedBytes = mostCachedBytes;
    this.folder = folder;
    this.rowBytes = rowBytes;
    this.segmentRows = MappedRows.rowsOf(segmentBytes, rowBytes);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the sample log cannot be written: folder=" + folder + ": " + e, e);
    }
  }

  /** Begins behind files that are gone elsewhere; only while it is empty. */
  void skip(long files) {
    extent.trimmed(files);
    extent.length(firstRow(files));
    checksummed = length();
    for (long file = 0; file < files; file++) {
      addSegment();
    }
  }

  /** The row behind the first {@code files} files. */
  long firstRow(long files) {
    return files * segmentRows;
  }

  /** Files that are gone, the oldest. */
  long trimmed() {
    return extent.trimmed();
  }

  /** Where the next row is to be written; {@link #append} then makes it visible. */
  MemorySegment next() {
    int segment = (int) (length() / segmentRows);
    if (segment == segments.length) {
      addSegment();
    }
    return row(length());
  }

  void append() {
    extent.length(length() + 1);
  }

  @Override
  public long length() {
    return extent.length();
  }

  @Override
  public boolean isSealed() {
    return extent.isSealed();
  }

  void seal() {
    extent.seal();
  }

  /**
   * Prepares a sealed log to be read in any order. Where memory cannot be taken to hold it, the
   * system is told to read nothing beside what it is asked for, and rows are to be {@linkplain
   * #expect expected} (docs/design/0009).
   */
  void shuffle() {
    if (length() * rowBytes > mostCachedBytes) {
      for (MappedRows segment : segments) {
        PageAdvice.random(segment.mapped());
      }
      readAhead = true;
    }
  }

  @Override
  public boolean isReadAhead() {
    return readAhead;
  }

  @Override
  public void expect(long index) {
    PageAdvice.willNeed(row(index));
  }

  @Override
  public MemorySegment row(long index) {
    MemorySegment rows = segments[(int) (index / segmentRows)].rows();
    return rows.asSlice(index % segmentRows * rowBytes, rowBytes);
  }

  /** A row as a part of its file, which can say whether it is in memory. */
  MemorySegment mappedRow(long index) {
    MemorySegment file = segments[(int) (index / segmentRows)].mapped();
    return file.asSlice(index % segmentRows * rowBytes, rowBytes);
  }

  /**
   * Number of rows and checksums of their segments; the rows so far are then part of a checkpoint.
   *
   * @param unread the first row that will be read after the checkpoint; files of earlier ones may
   *     be deleted while it is kept
   */
  byte[] snapshot(long unread) {
    updateChecksums();
    ByteWriter out = new ByteWriter();
    out.writeInt(rowBytes);
    out.writeLong(length());
    out.writeLong(extent.trimmed());
    out.writeLong(unread);
    out.writeVarInt(checksums.size());
    checksums.forEach(checksum -> out.writeLong(checksum.getValue()));
    return out.toByteArray();
  }

  /** Makes the first {@code rows} rows durable, of which some may be. One thread at a time. */
  void force(long rows) {
    MappedRows[] present = segments;
    int first = (int) (forced / segmentRows);
    for (int i = first; i < present.length && i * segmentRows < rows && forced < rows; i++) {
      if (present[i] != null) {
        PageAdvice.letGo(present[i].mapped());
        present[i].mapped().force();
      }
    }
    forced = Math.max(forced, rows);
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
    extent.trimmed(firstFile(in.readLong(), in.readLong()));
    int count = in.readVarInt();
    extent.length(rows);
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
    while ((extent.trimmed() + 1) * segmentRows <= row) {
      int segment = (int) extent.trimmed();
      extent.trimmed(segment + 1);
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

  @SuppressWarnings("MustBeClosedChecker") // closed by trim() or close()
  private void addSegment() {
    int index = segments.length;
    MappedRows[] more = new MappedRows[index + 1];
    System.arraycopy(segments, 0, more, 0, index);
    Arena mapping = index < extent.trimmed() ? null : Arena.ofShared();
    mappings.add(mapping);
    more[index] = mapping == null ? null : map(index, mapping);
    checksums.add(new CRC32C());
    segments = more;
  }

  private MappedRows map(int segment, Arena mapping) {
    try (FileChannel channel =
        FileChannel.open(
            file(segment),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      reserve(channel);
      return MappedRows.of(
          channel, FileChannel.MapMode.READ_WRITE, segmentRows * rowBytes, mapping);
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
    while (checksummed < length()) {
      int segment = (int) (checksummed / segmentRows);
      long end = Math.min(length(), (segment + 1) * segmentRows);
      update(checksums.get(segment), segment, checksummed, end);
      checksummed = end;
    }
  }

  private void update(CRC32C checksum, int segment, long fromRow, long toRow) {
    long start = (fromRow - segment * segmentRows) * rowBytes;
    checksum.update(
        segments[segment].rows().asSlice(start, (toRow - fromRow) * rowBytes).asByteBuffer());
  }

  private void verify(int segment, long expected) {
    if (segments[segment] == null) {
      return;
    }
    long from = segment * segmentRows;
    long to = Math.min(length(), from + segmentRows);
    long found = checksum(segment, (to - from) * rowBytes);
    checksummed = to;
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

  /** Of the first bytes of a file as it lies there, to be continued. */
  private long checksum(int segment, long bytes) {
    try {
      checksums.set(segment, MappedRows.checksum(file(segment), bytes));
      return checksums.get(segment).getValue();
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the sample log cannot be read: file=" + file(segment) + ": " + e, e);
    }
  }

  /** The first file that is left, where those of rows before {@code unread} may be gone. */
  private long firstFile(long trimmed, long unread) {
    long first = trimmed;
    while ((first + 1) * segmentRows <= unread && Files.notExists(file((int) first))) {
      first++;
    }
    return first;
  }

  private Path file(int segment) {
    return MappedRows.file(folder, segment);
  }
}
