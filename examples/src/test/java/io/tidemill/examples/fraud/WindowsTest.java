package io.tidemill.examples.fraud;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class WindowsTest {
  private static final long DAY = 86_400;
  private static final long T = 1_000 * DAY;

  @Test
  void aCardsFirstTransactionIsAllThatItsWindowsHold() {
    CardWindow window = CardWindow.add(new ListHistory<>(), new Spend(T, 12.5));

    assertEquals(new CardWindow(1, 12.5, 1, 12.5, 1, 12.5), window);
  }

  @Test
  void cardWindowsAreOpenAtTheirBeginning() {
    ListHistory<Spend> history = new ListHistory<>();
    CardWindow.add(history, new Spend(T - 30 * DAY, 1000));
    CardWindow.add(history, new Spend(T - 30 * DAY + 1, 1));
    CardWindow.add(history, new Spend(T - 7 * DAY, 2));
    CardWindow.add(history, new Spend(T - 7 * DAY + 1, 3));
    CardWindow.add(history, new Spend(T - DAY, 4));
    CardWindow.add(history, new Spend(T - DAY + 1, 5));

    CardWindow window = CardWindow.add(history, new Spend(T, 6));

    assertEquals(new CardWindow(2, 11 / 2.0, 4, 18 / 4.0, 6, 21 / 6.0), window);
    assertEquals(6, history.size());
  }

  @Test
  void cardTransactionsOfOneSecondCountInTheirOrder() {
    ListHistory<Spend> history = new ListHistory<>();

    CardWindow first = CardWindow.add(history, new Spend(T, 10));
    CardWindow second = CardWindow.add(history, new Spend(T, 20));

    assertEquals(new CardWindow(1, 10, 1, 10, 1, 10), first);
    assertEquals(new CardWindow(2, 15, 2, 15, 2, 15), second);
  }

  @Test
  void cardSumsDoNotRememberWhatHasLeft() {
    ListHistory<Spend> history = new ListHistory<>();
    CardWindow.add(history, new Spend(T, 1e17));

    CardWindow window = CardWindow.add(history, new Spend(T + 30 * DAY, 0.1));

    assertEquals(new CardWindow(1, 0.1, 1, 0.1, 1, 0.1), window);
  }

  @Test
  void aTerminalsLabelsAreUnknownForSevenDays() {
    ListHistory<Outcome> history = new ListHistory<>();
    TerminalWindow.add(history, new Outcome(T, true));

    TerminalWindow early = TerminalWindow.add(history, new Outcome(T + 7 * DAY - 1, false));
    TerminalWindow known = TerminalWindow.add(history, new Outcome(T + 7 * DAY, false));

    assertEquals(new TerminalWindow(0, 0, 0, 0, 0, 0), early);
    assertEquals(new TerminalWindow(1, 1, 1, 1, 1, 1), known);
  }

  @Test
  void terminalWindowsAreOpenAtTheirBeginning() {
    ListHistory<Outcome> history = new ListHistory<>();
    TerminalWindow.add(history, new Outcome(T - 37 * DAY, true));
    TerminalWindow.add(history, new Outcome(T - 37 * DAY + 1, false));
    TerminalWindow.add(history, new Outcome(T - 14 * DAY, true));
    TerminalWindow.add(history, new Outcome(T - 14 * DAY + 1, false));
    TerminalWindow.add(history, new Outcome(T - 8 * DAY, true));
    TerminalWindow.add(history, new Outcome(T - 8 * DAY + 1, false));
    TerminalWindow.add(history, new Outcome(T - 7 * DAY, true));
    TerminalWindow.add(history, new Outcome(T - 7 * DAY + 1, true));

    TerminalWindow window = TerminalWindow.add(history, new Outcome(T, true));

    assertEquals(new TerminalWindow(2, 1 / 2.0, 4, 2 / 4.0, 6, 3 / 6.0), window);
    assertEquals(8, history.size());
  }
}
