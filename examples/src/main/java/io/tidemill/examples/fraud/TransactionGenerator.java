package io.tidemill.examples.fraud;

import io.tidemill.connector.Source;
import io.tidemill.connector.SplitReader;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalLong;

/**
 * Simulated transactions of 5,000 customers at 10,000 terminals, in the order of time and id.
 *
 * <p>About 9,600 a day, 0.8 % of them fraud. A pure function of the seed. One split, for the
 * numbering runs through all customers; a day is in memory at a time. Source: Fraud Detection
 * Handbook, chapter 3, "Transaction data simulator".
 *
 * @param seed another seed gives other people
 * @param days how many days, from 2018-04-01
 */
public record TransactionGenerator(long seed, int days) implements Source<Transaction> {
  /** The first day, since 1970. */
  public static final long FIRST_DAY = LocalDate.of(2018, 4, 1).toEpochDay();

  private static final long SECONDS_PER_DAY = 86_400;
  private static final int ABOUT_PER_DAY = 9_600;

  public TransactionGenerator {
    if (days < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "days expects a positive number, found " + days);
    }
  }

  /** The first day after the last. */
  public long endDay() {
    return FIRST_DAY + days;
  }

  @Override
  public Class<Transaction> type() {
    return Transaction.class;
  }

  @Override
  public List<String> splits() {
    return List.of("days");
  }

  @Override
  public boolean isBounded() {
    return true;
  }

  @Override
  public SplitReader<Transaction> open(String split, long offset) {
    Reader reader = new Reader(new CardHolders(seed));
    reader.skip(offset);
    return reader;
  }

  @Override
  public OptionalLong estimatedRecords() {
    return OptionalLong.of((long) ABOUT_PER_DAY * days);
  }

  private final class Reader implements SplitReader<Transaction> {
    private final CardHolders cardHolders;
    private final Fraudsters fraudsters;
    private final List<Transaction> today = new ArrayList<>();
    private int nextDay;
    private int next;
    private long idsBefore;

    private Reader(CardHolders cardHolders) {
      this.cardHolders = cardHolders;
      this.fraudsters = new Fraudsters(seed, cardHolders);
    }

    private void skip(long offset) {
      while (idsBefore + today.size() < offset && nextDay < days) {
        beginDay();
      }
      next = Math.toIntExact(Math.min(today.size() + 1L, offset - idsBefore));
      if (next > today.size()) {
        throw new EngineException(
            ErrorCode.INVALID_DATA,
            "%d days have %,d transactions, but the checkpoint has read %,d: the days were other"
                .formatted(days, idsBefore + today.size(), offset));
      }
    }

    @Override
    public boolean advance() {
      while (next == today.size() && nextDay < days) {
        beginDay();
      }
      boolean more = next < today.size();
      next += more ? 1 : 0;
      return more;
    }

    @Override
    public Transaction current() {
      if (next == 0) {
        throw new NoSuchElementException("advance() has not moved to a record");
      }
      return today.get(next - 1).withId(idsBefore + next - 1);
    }

    @Override
    public void close() {}

    private void beginDay() {
      idsBefore += today.size();
      next = 0;
      today.clear();
      fraudsters.begin(nextDay);
      for (int customer = 0; customer < CardHolders.CUSTOMERS; customer++) {
        cardHolders.payments(customer, nextDay, this::pay);
      }
      // A stable sort: customers who pay in one second stay in the order of their numbers.
      today.sort(Comparator.comparingLong(Transaction::epochSecond));
      nextDay++;
    }

    private void pay(int customer, int ordinal, int second, int terminal, double honest) {
      int factor = fraudsters.amountFactor(customer, nextDay, ordinal);
      int scenario = fraudsters.scenario(nextDay, terminal, honest, factor);
      long at = (FIRST_DAY + nextDay) * SECONDS_PER_DAY + second;
      double amount = CardHolders.cents(honest * factor);
      today.add(new Transaction(0, at, customer, terminal, amount, scenario > 0, scenario));
    }
  }
}
