package io.tidemill.examples.fraud;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.SinkWriter;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FeaturesTest {
  private static final CardWindow CARD = new CardWindow(1, 10, 2, 20, 3, 30.5);
  private static final TerminalWindow TERMINAL = new TerminalWindow(4, .25, 5, .2, 8, .125);

  @TempDir private Path folder;

  @Test
  void equalThoseOfPandas() throws IOException, URISyntaxException {
    Path transactions = resource("transactions.csv");
    List<String> expected = Files.readAllLines(resource("features.csv"));
    Path actual = folder.resolve("features.csv");

    try (SinkWriter<Features> writer = Features.csv(actual).open(new byte[0])) {
      new FeatureStream(FraudProtocol.handbook())
          .forEach(Transaction.csv(transactions), writer::write);
      writer.finish();
    }

    List<String> lines = Files.readAllLines(actual);
    assertEquals(expected.getFirst(), lines.getFirst());
    assertEquals(736, lines.size());
    for (int i = 1; i < lines.size(); i++) {
      assertArrayEquals(numbers(expected.get(i)), numbers(lines.get(i)), 1e-6, lines.get(i));
    }
  }

  @Test
  void areInTheOrderOfTheirColumns() {
    Features features = new Features(at("2018-04-07T06:59:59"), CARD, TERMINAL, false);

    assertArrayEquals(
        new double[] {9.5, 1, 1, 1, 10, 2, 20, 3, 30.5, 4, .25, 5, .2, 8, .125}, features.values());
    assertEquals(Features.COLUMNS.size(), features.values().length);
  }

  @Test
  void weekendIsSaturdayAndSunday() {
    assertFalse(features("2018-04-06T23:59:59").weekend());
    assertTrue(features("2018-04-07T00:00:00").weekend());
    assertTrue(features("2018-04-08T23:59:59").weekend());
    assertFalse(features("2018-04-09T00:00:00").weekend());
    assertTrue(features("1969-12-28T12:00:00").weekend());
  }

  @Test
  void nightIsFromMidnightToTheEndOfTheHourSix() {
    assertTrue(features("2018-04-06T00:00:00").night());
    assertTrue(features("2018-04-06T06:59:59").night());
    assertFalse(features("2018-04-06T07:00:00").night());
    assertFalse(features("2018-04-06T23:59:59").night());
  }

  private static Features features(String time) {
    return new Features(at(time), CARD, TERMINAL, false);
  }

  private static Transaction at(String time) {
    long second = LocalDateTime.parse(time).toEpochSecond(ZoneOffset.UTC);
    return new Transaction(1, second, 2, 3, 9.5, false, 0);
  }

  private static double[] numbers(String line) {
    return Arrays.stream(line.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
  }

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(FeaturesTest.class.getResource(name).toURI());
  }
}
