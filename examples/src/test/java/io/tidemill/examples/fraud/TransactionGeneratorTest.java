package io.tidemill.examples.fraud;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.SplitReader;
import io.tidemill.error.EngineException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class TransactionGeneratorTest {
  private static final int DAYS = 45;

  private final TransactionGenerator generator = new TransactionGenerator(1, DAYS);

  @Test
  void numbersTransactionsInTheOrderOfTime() throws IOException {
    List<Transaction> all = readAll(generator, 0);

    for (int i = 0; i < all.size(); i++) {
      assertEquals(i, all.get(i).id());
      assertTrue(i == 0 || all.get(i - 1).epochSecond() <= all.get(i).epochSecond());
    }
    assertEquals(TransactionGenerator.FIRST_DAY, all.getFirst().epochDay());
    assertEquals(generator.endDay() - 1, all.getLast().epochDay());
  }

  @Test
  void goesOnWhereItWasLeft() throws IOException {
    List<Transaction> all = readAll(generator, 0);

    assertEquals(all.subList(123_456, all.size()), readAll(generator, 123_456));
    assertEquals(List.of(), readAll(generator, all.size()));
    assertThrows(EngineException.class, () -> readAll(generator, all.size() + 1));
  }

  @Test
  void beginsTheSameHoweverLongItLasts() throws IOException {
    List<Transaction> shorter = readAll(new TransactionGenerator(1, 3), 0);

    assertEquals(shorter, readAll(generator, 0).subList(0, shorter.size()));
  }

  @Test
  void anotherSeedGivesOtherPeople() throws IOException {
    assertNotEquals(
        readAll(new TransactionGenerator(1, 1), 0), readAll(new TransactionGenerator(2, 1), 0));
  }

  @Test
  void isDistributedAsTheHandbookDescribes() throws IOException {
    List<Transaction> all = readAll(generator, 0);

    // The published data: 9,585 a day, a mean of 53.63, 17.4 % before 7 in the morning.
    assertEquals(9_600, (double) all.size() / DAYS, 300);
    assertEquals(53.6, all.stream().mapToDouble(Transaction::amount).average().orElseThrow(), 3);
    assertTrue(all.stream().allMatch(transaction -> transaction.amount() >= 0));
    double night =
        all.stream().filter(transaction -> transaction.epochSecond() % 86_400 < 25_200).count();
    assertEquals(0.174, night / all.size(), 0.01);
  }

  @Test
  void callsEveryObviousAmountFraud() throws IOException {
    List<Transaction> obvious =
        readAll(generator, 0).stream().filter(t -> t.amount() > 220).toList();

    assertTrue(obvious.size() > 100);
    assertTrue(obvious.stream().allMatch(Transaction::fraud));
  }

  @Test
  void aCompromisedTerminalCheatsForTwentyEightDays() throws IOException {
    Map<Integer, List<Transaction>> byTerminal =
        readAll(generator, 0).stream().collect(Collectors.groupingBy(Transaction::terminal));

    int whole = 0;
    for (List<Transaction> visits : byTerminal.values()) {
      List<Long> days =
          visits.stream().filter(t -> t.scenario() == 2).map(Transaction::epochDay).toList();
      if (!days.isEmpty()) {
        long first = days.getFirst();
        long last = days.getLast();
        assertTrue(
            visits.stream()
                .filter(t -> t.epochDay() >= first && t.epochDay() <= last)
                .allMatch(Transaction::fraud));
        whole += last - first >= 20 && last - first < 28 ? 1 : 0;
      }
    }

    assertTrue(whole > 10, whole + " terminals");
  }

  @Test
  void aThirdOfACompromisedCustomersPaymentsAreFiveTimesAsHigh() throws IOException {
    List<Transaction> all = readAll(generator, 0);
    long fraudulent = all.stream().filter(t -> t.scenario() == 3).count();

    // Three new customers a day, 14 days each, two payments a day, a third of them.
    double expected = 3 * (DAYS - 7) * 14 * 1.9 / 3;
    assertEquals(1, fraudulent / expected, 0.25);
    double mean =
        all.stream()
            .filter(t -> t.scenario() == 3)
            .mapToDouble(Transaction::amount)
            .average()
            .orElseThrow();
    assertEquals(5 * 53.6, mean, 35);
  }

  @Test
  void refusesADataSetWithoutDays() {
    EngineException failure =
        assertThrows(EngineException.class, () -> new TransactionGenerator(1, 0));

    assertEquals("days expects a positive number, found 0", failure.getMessage());
  }

  private static List<Transaction> readAll(TransactionGenerator generator, long offset)
      throws IOException {
    List<Transaction> read = new ArrayList<>();
    try (SplitReader<Transaction> reader = generator.open("days", offset)) {
      while (reader.advance()) {
        read.add(reader.current());
      }
      assertFalse(reader.advance());
    }
    return read;
  }
}
