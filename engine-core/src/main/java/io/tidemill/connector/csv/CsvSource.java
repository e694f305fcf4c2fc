package io.tidemill.connector.csv;

import io.tidemill.connector.Source;
import io.tidemill.connector.SplitReader;
import io.tidemill.connector.file.InputFile;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * The rows of one CSV file, plain or gzip, with a fixed header.
 *
 * <p>One split; the offset counts rows after the header. Opening at an offset reads over the rows
 * before it without parsing their fields.
 *
 * @param <T> the record type
 */
public final class CsvSource<T> implements Source<T> {
  private static final int SAMPLE_BYTES = 1 << 16;

  private final Class<T> type;
  private final InputFile file;
  private final List<String> header;
  private final RowParser<T> parser;

  private CsvSource(Class<T> type, Path path, List<String> header, RowParser<T> parser) {
    this.type = Objects.requireNonNull(type);
    this.file = new InputFile(path);
    this.header = List.copyOf(header);
    this.parser = Objects.requireNonNull(parser);
  }

  /** Makes a record of a row. The row is valid during the call only. */
  @FunctionalInterface
  public interface RowParser<T> {
    /** Reads the columns by the row's typed getters, which throw what to tell the user. */
    T parse(CsvRow row);
  }

  /**
   * Rows of this file.
   *
   * @param header the names that the first line must have, in this order
   */
  public static <T> CsvSource<T> of(
      Class<T> type, Path path, List<String> header, RowParser<T> parser) {
    return new CsvSource<>(type, path, header, parser);
  }

  @Override
  public Class<T> type() {
    return type;
  }

  @Override
  public List<String> splits() {
    return List.of("file");
  }

  @Override
  public boolean isBounded() {
    return true;
  }

  @Override
  public SplitReader<T> open(String split, long offset) {
    CsvSplitReader<T> reader = new CsvSplitReader<>(file, header, parser);
    try {
      reader.skip(offset);
    } catch (EngineException e) {
      reader.close();
      throw e;
    }
    return reader;
  }

  /** Reads the header and the first row. */
  @Override
  public void check() {
    try (SplitReader<T> reader = open("file", 0)) {
      reader.advance();
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA, file.path() + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** The size of the content by the mean length of the lines in its first 64 KiB. */
  @Override
  public OptionalLong estimatedRecords() {
    try (InputStream in = file.open()) {
      byte[] sample = in.readNBytes(SAMPLE_BYTES);
      long lines = 0;
      for (byte b : sample) {
        lines += b == '\n' ? 1 : 0;
      }
      if (sample.length < SAMPLE_BYTES) {
        return OptionalLong.of(Math.max(0, lines - 1));
      }
      return lines == 0
          ? OptionalLong.empty()
          : OptionalLong.of(file.contentBytes() * lines / sample.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
