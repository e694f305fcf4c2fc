package io.tidemill.examples.fraud;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.examples.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class FraudProtocolTest {
  private final FraudProtocol protocol = FraudProtocol.handbook();

  @Test
  void trainsOnOneWeekAndTestsOnTheOneAfterTheNext() {
    assertFalse(protocol.trains(honest("2018-07-24")));
    assertTrue(protocol.trains(honest("2018-07-25")));
    assertTrue(protocol.trains(honest("2018-07-31")));
    assertFalse(protocol.trains(honest("2018-08-01")));
    assertFalse(protocol.tests(example(honest("2018-08-07"), false)));
    assertTrue(protocol.tests(example(honest("2018-08-08"), false)));
    assertTrue(protocol.tests(example(honest("2018-08-14"), false)));
    assertFalse(protocol.tests(example(honest("2018-08-15"), false)));
    assertFalse(protocol.tests(example(honest("2018-08-14"), true)));
  }

  @Test
  void knowsACompromisedCardEightDaysLater() {
    long remembered = protocol.firstFraudDay(FraudProtocol.NEVER, fraud("2018-08-01"));

    assertFalse(protocol.isKnownCompromised(remembered, honest("2018-08-08")));
    assertTrue(protocol.isKnownCompromised(remembered, honest("2018-08-09")));
    assertFalse(protocol.isKnownCompromised(FraudProtocol.NEVER, honest("2018-08-09")));
  }

  @Test
  void remembersTheFirstFraudSinceTrainingBegan() {
    long remembered = protocol.firstFraudDay(FraudProtocol.NEVER, fraud("2018-07-24"));
    assertEquals(FraudProtocol.NEVER, remembered);

    remembered = protocol.firstFraudDay(remembered, honest("2018-07-25"));
    assertEquals(FraudProtocol.NEVER, remembered);

    remembered = protocol.firstFraudDay(remembered, fraud("2018-07-26"));
    remembered = protocol.firstFraudDay(remembered, fraud("2018-07-27"));
    assertEquals(LocalDate.of(2018, 7, 26).toEpochDay(), remembered);
  }

  @Test
  void endsBeforeADay() {
    FraudProtocol last = FraudProtocol.endingBefore(100);

    assertEquals(new FraudProtocol(79, 7, 7, 7), last);
    assertEquals(100, last.endDay());
  }

  @Test
  void splitsThePublishedDataAsTheHandbookDoes() throws IOException {
    Path file = SharedData.require("fraud/transactions.csv.gz");

    int[] counts = new int[4];
    new FeatureStream(protocol)
        .forEach(
            Transaction.csv(file),
            example -> {
              int fraud = example.transaction().fraud() ? 1 : 0;
              if (protocol.trains(example.transaction())) {
                counts[0]++;
                counts[1] += fraud;
              } else if (protocol.tests(example)) {
                counts[2]++;
                counts[3] += fraud;
              }
            });

    // What the Handbook's get_train_test_set gives for this data: rows and frauds of both sets.
    assertEquals("67240 598 58264 385", "%d %d %d %d".formatted(boxed(counts)));
  }

  private static Object[] boxed(int[] counts) {
    return Arrays.stream(counts).boxed().toArray();
  }

  private static Features example(Transaction transaction, boolean compromised) {
    return new Features(
        transaction,
        new CardWindow(1, 1, 1, 1, 1, 1),
        new TerminalWindow(0, 0, 0, 0, 0, 0),
        compromised);
  }

  private static Transaction honest(String day) {
    return on(day, false);
  }

  private static Transaction fraud(String day) {
    return on(day, true);
  }

  private static Transaction on(String day, boolean fraud) {
    long second = LocalDate.parse(day).toEpochDay() * 86_400 + 3_600;
    return new Transaction(1, second, 2, 3, 9.5, fraud, 0);
  }
}
