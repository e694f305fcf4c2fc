package io.tidemill.examples.fraud;

import io.tidemill.connector.Source;
import io.tidemill.connector.SplitReader;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/** Walks through transactions and makes their features, without an engine. */
final class FeatureStream {
  private final FraudProtocol protocol;
  private final Map<Integer, ListHistory<Spend>> cards = new HashMap<>();
  private final Map<Integer, ListHistory<Outcome>> terminals = new HashMap<>();
  private final Map<Integer, Long> firstFraudDays = new HashMap<>();

  FeatureStream(FraudProtocol protocol) {
    this.protocol = protocol;
  }

  void forEach(Source<Transaction> source, Consumer<Features> consumer) throws IOException {
    try (SplitReader<Transaction> reader = source.open(source.splits().getFirst(), 0)) {
      while (reader.advance()) {
        consumer.accept(features(reader.current()));
      }
    }
  }

  private Features features(Transaction transaction) {
    long at = transaction.epochSecond();
    CardWindow card =
        CardWindow.add(
            cards.computeIfAbsent(transaction.customer(), key -> new ListHistory<>()),
            new Spend(at, transaction.amount()));
    TerminalWindow terminal =
        TerminalWindow.add(
            terminals.computeIfAbsent(transaction.terminal(), key -> new ListHistory<>()),
            new Outcome(at, transaction.fraud()));
    long firstFraudDay =
        firstFraudDays.merge(
            transaction.customer(),
            protocol.firstFraudDay(FraudProtocol.NEVER, transaction),
            Math::min);
    boolean compromised = protocol.isKnownCompromised(firstFraudDay, transaction);
    return new Features(transaction, card, terminal, compromised);
  }
}
