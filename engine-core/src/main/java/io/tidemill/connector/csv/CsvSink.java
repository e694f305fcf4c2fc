package io.tidemill.connector.csv;

import io.tidemill.connector.Sink;
import io.tidemill.connector.SinkWriter;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;

/**
 * Writes records as the rows of one CSV file that appears only when it is whole.
 *
 * <p>Rows go to {@code FILE.part}; a checkpoint remembers its length, a restore cuts it to that
 * length, and the end of the stream renames it to {@code FILE}.
 *
 * @param <T> the record type
 */
public final class CsvSink<T> implements Sink<T> {
  private final Path path;
  private final List<String> header;
  private final BiConsumer<T, CsvLine> formatter;

  private CsvSink(Path path, List<String> header, BiConsumer<T, CsvLine> formatter) {
    this.path = Objects.requireNonNull(path);
    this.header = List.copyOf(header);
    this.formatter = Objects.requireNonNull(formatter);
  }

  /**
   * Rows to this file.
   *
   * @param header the names in the first line
   * @param formatter adds a record's columns to the line, as many as the header has
   */
  public static <T> CsvSink<T> of(
      Path path, List<String> header, BiConsumer<T, CsvLine> formatter) {
    return new CsvSink<>(path, header, formatter);
  }

  @Override
  public SinkWriter<T> open(byte[] state) {
    return new CsvSinkWriter<>(path, header, formatter, state);
  }

  @Override
  public void check() {
    Path folder = path.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new EngineException(
          ErrorCode.NOT_FOUND, path + " cannot be written: its folder does not exist; create it");
    }
    if (Files.isDirectory(path) || !Files.isWritable(folder)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          path
              + " cannot be written: "
              + (Files.isDirectory(path) ? "it is a folder" : "its folder is read-only")
              + "; name another file");
    }
  }
}
