package io.tidemill.connector.csv;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import io.tidemill.connector.SplitReader;
import io.tidemill.connector.file.InputFile;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** Reads a CSV file row by row. Confined to one thread. */
final class CsvSplitReader<T> implements SplitReader<T> {
  private final InputFile file;
  private final CsvSource.RowParser<T> parser;
  private final RowHandler handler;
  private final CsvReader<CsvRow> csv;
  private final Iterator<CsvRow> rows;
  private T current;

  CsvSplitReader(InputFile file, List<String> header, CsvSource.RowParser<T> parser) {
    this.file = file;
    this.parser = parser;
    this.handler = new RowHandler(new CsvRow(file.name(), header));
    this.csv =
        CsvReader.builder()
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .detectBomHeader(true)
            .build(handler, file.open(), StandardCharsets.UTF_8);
    this.rows = csv.iterator();
    try {
      checkHeader(header);
    } catch (EngineException e) {
      close();
      throw e;
    }
  }

  /** Reads over so many rows. */
  void skip(long count) {
    for (long i = 0; i < count; i++) {
      if (!nextRow()) {
        throw new EngineException(
            ErrorCode.INVALID_DATA,
            "%s has %,d rows, but the checkpoint has read %,d: it is not the same file any more"
                .formatted(file.path(), i, count));
      }
    }
  }

  @Override
  public boolean advance() throws IOException {
    if (!nextRow()) {
      current = null;
      return false;
    }
    handler.row.checkWidth();
    current = parser.parse(handler.row);
    return true;
  }

  @Override
  public T current() {
    if (current == null) {
      throw new NoSuchElementException("advance() has not moved to a record");
    }
    return current;
  }

  @Override
  public void close() {
    try {
      csv.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void checkHeader(List<String> expected) {
    handler.header = new ArrayList<>();
    boolean found = nextRow();
    List<String> actual = handler.header;
    handler.header = null;
    if (!found || !actual.equals(expected)) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "%s has a wrong header: expected \"%s\", found %s"
              .formatted(
                  file.path(),
                  String.join(",", expected),
                  found ? '"' + shortened(String.join(",", actual)) + '"' : "an empty file"));
    }
  }

  private boolean nextRow() {
    try {
      boolean more = rows.hasNext();
      if (more) {
        rows.next();
      }
      return more;
    } catch (CsvParseException | UncheckedIOException e) {
      throw explained(e);
    }
  }

  /** The sentence of ours that the parser wrapped, or its own. */
  private EngineException explained(RuntimeException failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof EngineException ours) {
        return ours;
      }
    }
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "%s after line %d: %s".formatted(file.path(), handler.row.line(), cause.getMessage()),
        failure);
  }

  private static String shortened(String text) {
    String printable = text.replaceAll("\\p{Cntrl}", "?");
    return printable.length() <= 120 ? printable : printable.substring(0, 120) + "…";
  }

  /** Takes the fields from the parser's buffer, which is valid during the call only. */
  private static final class RowHandler extends AbstractBaseCsvCallbackHandler<CsvRow> {
    private final CsvRow row;
    private List<String> header;

    private RowHandler(CsvRow row) {
      this.row = row;
    }

    @Override
    protected void handleBegin(long startingLineNumber) {
      row.begin(startingLineNumber);
    }

    @Override
    protected void handleField(int index, char[] buffer, int offset, int length, boolean quoted) {
      row.add(buffer, offset, length);
      if (header != null) {
        header.add(new String(buffer, offset, length));
      }
    }

    @Override
    protected CsvRow buildRecord() {
      return row;
    }
  }
}
