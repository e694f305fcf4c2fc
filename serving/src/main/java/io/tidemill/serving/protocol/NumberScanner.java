package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.io.NumberInput;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads a flat JSON array of numbers as the floats that are nearest to them.
 *
 * <p>A number of up to 18 digits, {@code w · 10^e}, is computed in doubles: w is rounded once, the
 * power of ten once, their product or quotient once, so that the double is wrong by at most 3 units
 * in its last place. Rounding it to a float gives the nearest float of the number itself unless it
 * lies so near to the middle of two floats that this error may decide; then, and where there are
 * more digits or the float is not a normal one, the parser's own algorithm reads it. Python prints
 * floats as doubles of 17 digits, which lie on floats and never between them.
 *
 * <p>Confined to one thread.
 */
final class NumberScanner {
  /** Longer ones are the parser's to refuse. */
  private static final int MOST_CHARACTERS = 400;

  private static final long MOST_DIGITS = 100_000_000_000_000_000L;
  private static final double[] POWERS = new double[64];

  static {
    Arrays.setAll(POWERS, exponent -> Double.parseDouble("1e" + exponent));
  }

  /** What a double has behind the last bit of a float; half of it is the middle of two floats. */
  private static final long BEHIND_FLOAT = (1L << 29) - 1;

  private static final long MIDDLE = 1L << 28;
  private static final long MOST_WRONG = 8;

  private final byte[] text;
  private final int length;
  private float[] values = new float[1024];
  private int count;
  private int end;

  private float value;

  NumberScanner(byte[] text, int length) {
    this.text = text;
    this.length = length;
  }

  /** Reads the array whose content begins at {@code start}; false where it is no such array. */
  boolean readArray(int start) {
    count = 0;
    int at = skipSpace(start);
    while (true) {
      at = readNumber(at);
      if (at < 0) {
        return false;
      }
      add();
      at = skipSpace(at);
      byte found = peek(at);
      if (found == ']') {
        end = at;
        return true;
      }
      if (found != ',') {
        return false;
      }
      at = skipSpace(at + 1);
    }
  }

  /** How many numbers the array has. */
  int count() {
    return count;
  }

  /** Where its closing bracket is. */
  int end() {
    return end;
  }

  /** A copy of its numbers. */
  float[] values() {
    return Arrays.copyOf(values, count);
  }

  private void add() {
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    values[count++] = value;
  }

  /** Reads a number into {@link #value}; gives where it ends, or -1 where it is none for us. */
  private int readNumber(int start) {
    boolean isNegative = peek(start) == '-';
    int at = isNegative ? start + 1 : start;
    long digits = 0;
    int exponent = 0;
    boolean isLong = false;

    int first = at;
    for (int digit = digit(at); digit >= 0; digit = digit(++at)) {
      isLong |= digits >= MOST_DIGITS;
      digits = digits * 10 + digit;
    }
    if (at == first || (text[first] == '0' && at > first + 1)) {
      return -1;
    }
    if (peek(at) == '.') {
      int point = at++;
      for (int digit = digit(at); digit >= 0; digit = digit(++at)) {
        isLong |= digits >= MOST_DIGITS;
        digits = digits * 10 + digit;
      }
      exponent = point + 1 - at;
      if (exponent == 0) {
        return -1;
      }
    }
    if ((peek(at) | 0x20) == 'e') {
      boolean isSigned = peek(at + 1) == '-' || peek(at + 1) == '+';
      boolean isSmall = peek(at + 1) == '-';
      at += isSigned ? 2 : 1;
      int shift = 0;
      int firstOfShift = at;
      for (int digit = digit(at); digit >= 0; digit = digit(++at)) {
        shift = Math.min(shift * 10 + digit, MOST_CHARACTERS * 10);
      }
      if (at == firstOfShift) {
        return -1;
      }
      exponent += isSmall ? -shift : shift;
    }
    return at - start <= MOST_CHARACTERS && toFloat(start, at, isNegative, isLong, digits, exponent)
        ? at
        : -1;
  }

  private boolean toFloat(
      int start, int at, boolean isNegative, boolean isLong, long digits, int exponent) {
    if (digits == 0 && !isLong) {
      value = isNegative ? -0f : 0f;
      return true;
    }
    if (!isLong && Math.abs(exponent) < POWERS.length) {
      double near = exponent < 0 ? digits / POWERS[-exponent] : digits * POWERS[exponent];
      long behind = Double.doubleToRawLongBits(near) & BEHIND_FLOAT;
      if (near >= Float.MIN_NORMAL
          && near <= Float.MAX_VALUE
          && Math.abs(behind - MIDDLE) > MOST_WRONG) {
        value = (float) (isNegative ? -near : near);
        return true;
      }
    }
    value =
        NumberInput.parseFloat(
            new String(text, start, at - start, StandardCharsets.ISO_8859_1), true);
    return Float.isFinite(value);
  }

  private int digit(int at) {
    int digit = peek(at) - '0';
    return digit <= 9 ? digit : -1;
  }

  private int skipSpace(int start) {
    int at = start;
    while (isSpace(peek(at))) {
      at++;
    }
    return at;
  }

  private static boolean isSpace(byte found) {
    return found == ' ' || found == '\n' || found == '\r' || found == '\t';
  }

  private byte peek(int at) {
    return at < length ? text[at] : 0;
  }
}
