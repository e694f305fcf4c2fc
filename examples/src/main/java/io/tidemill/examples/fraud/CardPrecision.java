package io.tidemill.examples.fraud;

import io.tidemill.metric.Metric;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Card precision@k: the share of compromised cards among the k most suspicious of a day, a mean
 * over days.
 *
 * <p>A card is as suspicious as its worst transaction of the day. A compromised card that was among
 * the k of one day is left out on the days after. Fewer than k cards still divide by k. Of equal
 * scores the lower customer number goes first. Source: Fraud Detection Handbook, chapter 4, {@code
 * card_precision_top_k}.
 *
 * @param k how many cards can be looked into in a day
 */
public record CardPrecision(int k) implements Metric<Features> {

  @Override
  public String name() {
    return "cardPrecisionAt" + k;
  }

  @Override
  public Accumulator<Features> start() {
    return new Days();
  }

  private record Card(int customer, float score, boolean fraud) {
    private static final Comparator<Card> MOST_SUSPICIOUS_FIRST =
        Comparator.comparingDouble(Card::score).reversed().thenComparingInt(Card::customer);

    private Card worst(Card other) {
      return new Card(customer, Math.max(score, other.score), fraud || other.fraud);
    }
  }

  private final class Days implements Accumulator<Features> {
    private final SortedMap<Long, Map<Integer, Card>> cardsByDay = new TreeMap<>();

    @Override
    public void add(Features example, float[] prediction) {
      Transaction transaction = example.transaction();
      Card card = new Card(transaction.customer(), prediction[0], transaction.fraud());
      cardsByDay
          .computeIfAbsent(transaction.epochDay(), day -> new HashMap<>())
          .merge(card.customer, card, Card::worst);
    }

    @Override
    public double value() {
      Set<Integer> detected = new HashSet<>();
      for (Map<Integer, Card> cards : cardsByDay.values()) {
        detected.addAll(found(cards, detected));
      }
      return (double) detected.size() / k / cardsByDay.size();
    }

    private List<Integer> found(Map<Integer, Card> cards, Set<Integer> detected) {
      return cards.values().stream()
          .filter(card -> !detected.contains(card.customer))
          .sorted(Card.MOST_SUSPICIOUS_FIRST)
          .limit(k)
          .filter(Card::fraud)
          .map(Card::customer)
          .toList();
    }
  }
}
