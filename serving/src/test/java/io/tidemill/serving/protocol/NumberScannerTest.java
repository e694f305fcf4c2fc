package io.tidemill.serving.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.io.NumberInput;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The parser's own reading of a number, and the JDK's, are the oracles. */
class NumberScannerTest {
  private static final int NUMBERS = 100_000;

  @Test
  void readsFloatsInTheirShortestForm() {
    check(11, random -> String.valueOf(anyFloat(random)));
  }

  @Test
  void readsFloatsThatArePrintedAsDoubles() {
    check(12, random -> String.valueOf((double) anyFloat(random)));
  }

  @Test
  void readsDoubles() {
    check(13, random -> String.valueOf(anyFloat(random) * (1 + random.nextDouble())));
    check(14, random -> String.valueOf(random.nextGaussian()));
    check(15, random -> String.valueOf(random.nextInt(256) / 255.0));
  }

  @Test
  void readsWhatLiesBetweenTwoFloatsAndBesideThat() {
    check(16, NumberScannerTest::nearTheMiddleOfTwoFloats);
  }

  @Test
  void readsNumbersOfAnyDigitsAndExponents() {
    check(
        17,
        random -> {
          String digits = digits(random, 1 + random.nextInt(25));
          String whole = digits.replaceFirst("^0+(?=.)", "");
          String fraction =
              random.nextBoolean() ? "." + digits(random, 1 + random.nextInt(25)) : "";
          String[] marks = {"e", "E", "e+", "E+", "e-", "E-"};
          String exponent =
              random.nextBoolean() ? marks[random.nextInt(6)] + random.nextInt(50) : "";
          return (random.nextBoolean() ? "-" : "") + whole + fraction + exponent;
        });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-0",
        "0.0",
        "-0.0",
        "0e5",
        "0.000e-400",
        "16777217",
        "16777216.5",
        "33554434.0",
        "3.4028235e38",
        "3.4028235677973362e38",
        "3.4028235677973366e38",
        "1.17549435e-38",
        "1.17549428e-38",
        "1.4e-45",
        "0.7e-45",
        "7.006492321624085e-46",
        "1e-400",
        "123456789012345678",
        "1234567890123456789",
        "99999999999999999999",
        "0.1e1",
        "1E2",
        "1e+2",
        "1e-0",
        "1e0000000002",
      })
  void readsTheNumbersAtTheEdges(String number) {
    assertSame(number);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "--1",
        "0x10",
        "1f",
        "NaN",
        "Infinity",
        "1e39",
        "-1e39",
        "1e999",
        "null",
        "true",
        "\"1\"",
        "[1]",
        "1 2",
        "1,",
        ",1",
        "1,,2",
        "{}"
      })
  void leavesToTheParserWhatIsNoNumberOfTheType(String text) {
    byte[] bytes = (text + "]").getBytes(StandardCharsets.UTF_8);

    assertFalse(new NumberScanner(bytes, bytes.length).readArray(0));
  }

  @Test
  void leavesToTheParserWhatHasNoEnd() {
    for (String text : new String[] {"", "1", "1,", "1.", "1e", "-", "1 ", "1, "}) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);

      assertFalse(new NumberScanner(bytes, bytes.length).readArray(0), text);
    }
  }

  private static void check(long seed, Function<Random, String> numbers) {
    Random random = new Random(seed);
    for (int i = 0; i < NUMBERS; i++) {
      assertSame(numbers.apply(random));
    }
  }

  private static void assertSame(String number) {
    byte[] bytes = (" " + number + "\n, 7 ]").getBytes(StandardCharsets.UTF_8);
    NumberScanner scanner = new NumberScanner(bytes, bytes.length);
    char[] characters = number.toCharArray();
    float expected = NumberInput.parseFloat(characters, 0, characters.length, true);
    assertEquals(Float.parseFloat(number), expected, number);

    if (Float.isInfinite(expected)) {
      assertFalse(scanner.readArray(0), number);
      return;
    }
    assertTrue(scanner.readArray(0), number);
    assertEquals(2, scanner.count());
    assertEquals(bytes.length - 1, scanner.end());
    assertEquals(
        Float.floatToRawIntBits(expected), Float.floatToRawIntBits(scanner.values()[0]), number);
    assertEquals(7, scanner.values()[1]);
  }

  private static float anyFloat(Random random) {
    float value = Float.intBitsToFloat(random.nextInt());
    return Float.isFinite(value) ? value : random.nextFloat();
  }

  private static String nearTheMiddleOfTwoFloats(Random random) {
    float low = Math.abs(anyFloat(random)) / 2;
    BigDecimal middle =
        new BigDecimal(low).add(new BigDecimal(Math.nextUp(low))).divide(BigDecimal.TWO);
    return switch (random.nextInt(4)) {
      case 0 -> middle.toString();
      case 1 -> middle.round(new MathContext(17)).toString();
      case 2 -> middle.round(new MathContext(15 + random.nextInt(6))).toString();
      default ->
          String.valueOf(middle.doubleValue() * (1 + (random.nextInt(9) - 4) * Math.ulp(1.0)));
    };
  }

  private static String digits(Random random, int count) {
    StringBuilder digits = new StringBuilder();
    for (int i = 0; i < count; i++) {
      digits.append((char) ('0' + random.nextInt(10)));
    }
    return digits.toString();
  }
}
