package io.tidemill.examples.recommend;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.connector.Source;
import io.tidemill.examples.random.KeyedRandom;

/**
 * A shop's stream of items shown and clicked, without end.
 *
 * <p>Users and items have tastes of {@value #TASTES} dimensions, drawn once from the seed; the odds
 * of a click grow with how well they agree, with the item's appeal, and in the evening. Popular
 * items are shown more often. Each index is a pure function of (seed, index). Immutable.
 */
public record ClickStream(long seed, int users, int items) {
  private static final int TASTES = 4;
  private static final int EVENTS = 0;
  private static final int USERS = 1;
  private static final int ITEMS = 2;
  private static final double RARITY = -2;
  private static final double EVENING = 0.8;

  /** The records from {@code first} on. */
  public Source<Click> from(long first) {
    return GeneratedSource.unbounded(Click.class, index -> click(first + index));
  }

  /** The records [first, first + count). */
  public Source<Click> range(long first, long count) {
    return GeneratedSource.bounded(Click.class, index -> click(first + index), count);
  }

  /** The record at an index. */
  public Click click(long index) {
    KeyedRandom random = new KeyedRandom(seed, index, EVENTS);
    int user = random.below(users);
    double rank = random.uniform(0, 1);
    int item = (int) (rank * rank * items);
    int hour = random.below(24);
    double score = score(user, item, hour);
    boolean clicked = random.uniform(0, 1) < 1 / (1 + StrictMath.exp(-score));
    return new Click(user, item, hour, clicked);
  }

  private double score(int user, int item, int hour) {
    KeyedRandom ofUser = new KeyedRandom(seed, user, USERS);
    KeyedRandom ofItem = new KeyedRandom(seed, item, ITEMS);
    double score = RARITY + ofItem.normal(0, 1) + (hour >= 18 ? EVENING : 0);
    for (int taste = 0; taste < TASTES; taste++) {
      score += ofUser.normal(0, 1) * ofItem.normal(0, 1);
    }
    return score;
  }
}
