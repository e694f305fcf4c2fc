package io.tidemill.examples.fraud;

import io.tidemill.connector.csv.CsvLine;
import io.tidemill.connector.csv.CsvSink;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A transaction with what is known at its time: an example to learn from.
 *
 * @param transaction with its label
 * @param card the card's recent payments
 * @param terminal the terminal's recent frauds
 * @param compromised whether the card is known to be compromised: {@link FraudProtocol}
 */
public record Features(
    Transaction transaction, CardWindow card, TerminalWindow terminal, boolean compromised) {
  /** The names of {@link #values}, in their order. */
  public static final List<String> COLUMNS =
      List.of(
          "amount",
          "weekend",
          "night",
          "card_count_1d",
          "card_mean_1d",
          "card_count_7d",
          "card_mean_7d",
          "card_count_30d",
          "card_mean_30d",
          "terminal_count_1d",
          "terminal_risk_1d",
          "terminal_count_7d",
          "terminal_risk_7d",
          "terminal_count_30d",
          "terminal_risk_30d");

  private static final int SECONDS_PER_HOUR = 3_600;
  private static final int LAST_NIGHT_HOUR = 6;
  // 1970-01-01, day 0, was a Thursday; so Monday is day 0 of a week after adding 3.
  private static final int THURSDAY = 3;
  private static final int SATURDAY = 5;

  /** A file with the columns {@code transaction_id} and {@link #COLUMNS}, before any scaling. */
  public static CsvSink<Features> csv(Path file) {
    List<String> header = new ArrayList<>(COLUMNS);
    header.addFirst("transaction_id");
    return CsvSink.of(file, header, Features::format);
  }

  /** Whether it was made on a Saturday or Sunday. */
  public boolean weekend() {
    return Math.floorMod(transaction.epochDay() + THURSDAY, 7) >= SATURDAY;
  }

  /** Whether it was made before 7 in the morning. */
  public boolean night() {
    return Math.floorMod(transaction.epochSecond() / SECONDS_PER_HOUR, 24) <= LAST_NIGHT_HOUR;
  }

  /** The fifteen features, before any scaling. */
  public double[] values() {
    return new double[] {
      transaction.amount(),
      weekend() ? 1 : 0,
      night() ? 1 : 0,
      card.count1d(),
      card.mean1d(),
      card.count7d(),
      card.mean7d(),
      card.count30d(),
      card.mean30d(),
      terminal.count1d(),
      terminal.risk1d(),
      terminal.count7d(),
      terminal.risk7d(),
      terminal.count30d(),
      terminal.risk30d()
    };
  }

  /** The features as a network takes them. */
  float[] row() {
    double[] values = values();
    float[] row = new float[values.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) values[i];
    }
    return row;
  }

  /** The label, true for fraud. */
  boolean isFraud() {
    return transaction.fraud();
  }

  /** The label for a loss: 1 for fraud. */
  public float label() {
    return transaction.fraud() ? 1 : 0;
  }

  private static void format(Features features, CsvLine line) {
    line.add(features.transaction.id());
    for (double value : features.values()) {
      line.add(value);
    }
  }
}
