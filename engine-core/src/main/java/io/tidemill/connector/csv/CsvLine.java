package io.tidemill.connector.csv;

/**
 * One line of a CSV file in the making, RFC 4180.
 *
 * <p>Confined to the sink's thread.
 */
public final class CsvLine {
  private static final double WHOLE = 1L << 53;

  private final StringBuilder text = new StringBuilder(256);

  CsvLine() {}

  /** Adds a whole number. */
  public CsvLine add(long value) {
    separator().append(value);
    return this;
  }

  /** Adds the shortest decimal that reads back as the same double; {@code 3}, not {@code 3.0}. */
  public CsvLine add(double value) {
    if (value == (long) value && Math.abs(value) < WHOLE) {
      return add((long) value);
    }
    separator().append(value);
    return this;
  }

  /** Adds text, quoted where it has to be. */
  public CsvLine add(String value) {
    boolean plain =
        value.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r')
            && !value.isEmpty();
    separator().append(plain ? value : '"' + value.replace("\"", "\"\"") + '"');
    return this;
  }

  void clear() {
    text.setLength(0);
  }

  StringBuilder text() {
    return text;
  }

  private StringBuilder separator() {
    return text.isEmpty() ? text : text.append(',');
  }
}
