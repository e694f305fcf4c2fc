package io.tidemill.examples.fraud;

import io.tidemill.connector.Source;
import io.tidemill.connector.csv.CsvRow;
import io.tidemill.connector.csv.CsvSource;
import java.nio.file.Path;
import java.util.List;

/**
 * A card payment at a terminal.
 *
 * @param id unique, rising with the time
 * @param epochSecond when, in seconds since 1970 of the local calendar
 * @param customer whose card; a customer has one
 * @param terminal where
 * @param amount how much, not negative
 * @param fraud the label; in life it is known only days later
 * @param scenario which kind of fraud, 1 to 3, and 0 for none; never a feature
 */
public record Transaction(
    long id,
    long epochSecond,
    int customer,
    int terminal,
    double amount,
    boolean fraud,
    int scenario) {
  private static final List<String> HEADER =
      List.of(
          "transaction_id",
          "datetime",
          "customer_id",
          "terminal_id",
          "amount",
          "fraud",
          "scenario");
  private static final long SECONDS_PER_DAY = 86_400;

  /** The transactions of a CSV file, plain or gzip, which are in the order of time and id. */
  public static Source<Transaction> csv(Path file) {
    return CsvSource.of(Transaction.class, file, HEADER, Transaction::parse);
  }

  /** The day since 1970 on which it was made. */
  public long epochDay() {
    return Math.floorDiv(epochSecond, SECONDS_PER_DAY);
  }

  Transaction withId(long other) {
    return new Transaction(other, epochSecond, customer, terminal, amount, fraud, scenario);
  }

  private static Transaction parse(CsvRow row) {
    return new Transaction(
        row.longInteger(0),
        row.epochSecond(1),
        row.integer(2),
        row.integer(3),
        row.number(4),
        row.flag(5),
        row.integer(6));
  }
}
