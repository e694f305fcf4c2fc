package io.tidemill.connector.csv;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;

/**
 * One line of a CSV file, with getters that say what they expect of a column.
 *
 * <p>A flyweight: valid until the reader moves on. Numbers and times are parsed from the characters
 * in place; no string is made of a well-formed field. Columns are counted from 0 in the order of
 * the header.
 */
public final class CsvRow {
  private static final int EXACT_DIGITS = 15;
  private static final double[] POWERS_OF_TEN = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
  };
  private static final int DATE_CHARS = 10;
  private static final int DATE_TIME_CHARS = 19;
  private static final String DATE_TIME_PATTERN = "dddd-dd-dd?dd:dd:dd";

  private final String file;
  private final List<String> header;
  private final int[] ends;
  private char[] chars = new char[256];
  private int fields;
  private long line;

  CsvRow(String file, List<String> header) {
    this.file = file;
    this.header = header;
    this.ends = new int[header.size()];
  }

  /** The line of the file, counted from 1, that the row starts at. */
  public long line() {
    return line;
  }

  /** The text of a column. */
  public String text(int column) {
    int start = start(column);
    return new String(chars, start, ends[column] - start);
  }

  /** A whole number of at most 18 digits. */
  public long longInteger(int column) {
    int at = start(column);
    int end = ends[column];
    boolean negative = at < end && chars[at] == '-';
    at += negative ? 1 : 0;
    if (at == end || end - at > 18) {
      throw expected(column, at == end ? "a whole number" : "a whole number of at most 18 digits");
    }
    long value = 0;
    for (; at < end; at++) {
      value = value * 10 + digit(at, column, "a whole number");
    }
    return negative ? -value : value;
  }

  /** A whole number that fits 32 bits. */
  public int integer(int column) {
    long value = longInteger(column);
    if (value != (int) value) {
      throw expected(column, "a whole number of 32 bits");
    }
    return (int) value;
  }

  /** 0 or 1. */
  public boolean flag(int column) {
    int start = start(column);
    boolean one = chars[start] == '1';
    if (ends[column] - start != 1 || !(one || chars[start] == '0')) {
      throw expected(column, "0 or 1");
    }
    return one;
  }

  /**
   * A finite decimal number, correctly rounded.
   *
   * <p>Up to 15 digits without exponent take the short way: the digits and the power of ten are
   * both exact, so one division rounds once (Clinger, "How to read floating point numbers
   * accurately", 1990).
   */
  public double number(int column) {
    int at = start(column);
    int end = ends[column];
    boolean negative = at < end && chars[at] == '-';
    at += negative ? 1 : 0;
    long digits = 0;
    int count = 0;
    int point = -1;
    for (; at < end; at++) {
      char c = chars[at];
      if (c >= '0' && c <= '9') {
        digits = digits * 10 + (c - '0');
        count++;
      } else if (c == '.' && point < 0) {
        point = count;
      } else {
        return anyNumber(column);
      }
    }
    if (count == 0 || count > EXACT_DIGITS) {
      return anyNumber(column);
    }
    double value = digits / POWERS_OF_TEN[point < 0 ? 0 : count - point];
    return negative ? -value : value;
  }

  /** An ISO date and time without zone, {@code 2018-04-01T00:00:31}, in seconds since 1970. */
  public long epochSecond(int column) {
    int start = start(column);
    if (ends[column] - start != DATE_TIME_CHARS || !looksLikeDateTime(start)) {
      throw expected(column, "a date and time like 2018-04-01T00:00:31");
    }
    int hour = pair(start + 11);
    int minute = pair(start + 14);
    int second = pair(start + 17);
    if (hour > 23 || minute > 59 || second > 59) {
      throw expected(column, "a date and time like 2018-04-01T00:00:31");
    }
    return epochDay(start, column) * 86_400 + hour * 3_600L + minute * 60L + second;
  }

  /** The failure that the column is not what was expected, for checks of the caller's own. */
  public EngineException expected(int column, String what) {
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "%s line %d: %s expects %s, found \"%s\""
            .formatted(file, line, header.get(column), what, text(column)));
  }

  void begin(long lineNumber) {
    line = lineNumber;
    fields = 0;
  }

  void add(char[] buffer, int offset, int length) {
    if (fields < ends.length) {
      int start = fields == 0 ? 0 : ends[fields - 1];
      // One character over, so that flag() may look at the first of an empty last field.
      if (start + length >= chars.length) {
        chars = Arrays.copyOf(chars, Math.max(2 * chars.length, start + length + 1));
      }
      System.arraycopy(buffer, offset, chars, start, length);
      ends[fields] = start + length;
    }
    fields++;
  }

  /** Refuses a row that has not as many columns as the header. */
  void checkWidth() {
    if (fields != ends.length) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "%s line %d: expected %d columns (%s), found %d"
              .formatted(file, line, ends.length, String.join(",", header), fields));
    }
  }

  private int start(int column) {
    return column == 0 ? 0 : ends[column - 1];
  }

  private int digit(int at, int column, String what) {
    int digit = chars[at] - '0';
    if (digit < 0 || digit > 9) {
      throw expected(column, what);
    }
    return digit;
  }

  private double anyNumber(int column) {
    String text = text(column);
    // Java also reads "1f", "0x1p3" and "NaN"; no other reader of the file would.
    boolean plain = text.chars().allMatch(c -> "+-.eE0123456789".indexOf(c) >= 0);
    double value;
    try {
      value = plain ? Double.parseDouble(text) : Double.NaN;
    } catch (NumberFormatException e) {
      throw expected(column, "a number");
    }
    if (!Double.isFinite(value)) {
      throw expected(column, "a number");
    }
    return value;
  }

  private boolean looksLikeDateTime(int start) {
    for (int i = 0; i < DATE_TIME_CHARS; i++) {
      char c = chars[start + i];
      boolean fits =
          switch (DATE_TIME_PATTERN.charAt(i)) {
            case 'd' -> c >= '0' && c <= '9';
            case '?' -> i == DATE_CHARS && (c == 'T' || c == ' ');
            default -> c == DATE_TIME_PATTERN.charAt(i);
          };
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  private long epochDay(int start, int column) {
    try {
      int year = pair(start) * 100 + pair(start + 2);
      return LocalDate.of(year, pair(start + 5), pair(start + 8)).toEpochDay();
    } catch (DateTimeException e) {
      throw expected(column, "a date of the calendar");
    }
  }

  private int pair(int at) {
    return (chars[at] - '0') * 10 + (chars[at + 1] - '0');
  }
}
