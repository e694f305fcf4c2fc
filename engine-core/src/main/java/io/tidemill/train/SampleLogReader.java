package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A sample log that another process writes: its files, mapped to be read.
 *
 * <p>Threads: one {@linkplain #follow follows}; any thread reads rows that were there then.
 */
final class SampleLogReader implements SampleRows, AutoCloseable {
  private final Path folder;
  private final int rowBytes;
  private final long fileRows;
  private final LogExtent extent;

  /** Holds the mapping of each file; null where it was trimmed. */
  private final List<Arena> mappings = new ArrayList<>();

  /** Replaced when a file is added, so that readers may use it without a lock. */
  private volatile MappedRows[] files = {};

  private volatile long length;
  private volatile boolean sealed;
  private volatile boolean readAhead;
  private int released;

  SampleLogReader(Path folder, int rowBytes, LogExtent extent) {
    this.folder = folder;
    this.rowBytes = rowBytes;
    this.fileRows = MappedRows.rowsOf(MappedRows.FILE_BYTES, rowBytes);
    this.extent = extent;
  }

  /**
   * Takes up how far the log has come, and lets go of files that were trimmed.
   *
   * @param shuffled whether rows are read in any order once all are there
   * @return whether it has come further
   */
  boolean follow(boolean shuffled) {
    boolean ended = extent.isSealed(); // before the length, which it makes final
    long rows = extent.length();
    if (rows == length && ended == sealed) {
      return false;
    }
    release();
    map(Math.toIntExact(Math.ceilDiv(rows, fileRows)));
    length = rows;
    if (ended && shuffled && rows * rowBytes > MappedRows.mostCachedBytes()) {
      Arrays.stream(files).forEach(file -> PageAdvice.random(file.mapped()));
      readAhead = true;
    }
    sealed = ended;
    return true;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public boolean isSealed() {
    return sealed;
  }

  @Override
  public MemorySegment row(long index) {
    MemorySegment rows = files[(int) (index / fileRows)].rows();
    return rows.asSlice(index % fileRows * rowBytes, rowBytes);
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
  public void close() {
    mappings.stream().filter(Objects::nonNull).forEach(Arena::close);
    mappings.clear();
  }

  /** Rows of trimmed files are below a committed checkpoint: no thread reads them any more. */
  private void release() {
    for (long trimmed = Math.min(extent.trimmed(), mappings.size()); released < trimmed; ) {
      Arena mapping = mappings.set(released, null);
      files[released] = null;
      released++;
      if (mapping != null) {
        mapping.close();
      }
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // closed by release() or close()
  private void map(int count) {
    MappedRows[] more = Arrays.copyOf(files, count);
    for (int index = files.length; index < count; index++) {
      Arena mapping = Arena.ofShared();
      more[index] = map(index, mapping);
      if (more[index] == null) {
        mapping.close();
      }
      mappings.add(more[index] == null ? null : mapping);
    }
    files = more;
  }

  /** A file; null where it was trimmed before it was ever seen here. */
  private MappedRows map(int index, Arena mapping) {
    Path file = MappedRows.file(folder, index);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return MappedRows.of(channel, FileChannel.MapMode.READ_ONLY, fileRows * rowBytes, mapping);
    } catch (IOException e) {
      if (index < extent.trimmed() && !Files.exists(file)) {
        return null;
      }
      throw new EngineException(
          ErrorCode.RESOURCE,
          "the sample log cannot be read: file="
              + file
              + ": "
              + e
              + "; a process that joins a training needs the folder of its job",
          e);
    }
  }
}
