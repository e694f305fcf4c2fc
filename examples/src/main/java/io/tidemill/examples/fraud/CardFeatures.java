package io.tidemill.examples.fraud;

import io.tidemill.operator.KeyedProcess;
import io.tidemill.state.ListState;
import io.tidemill.state.ValueState;

/** What a card has done: its payments of the last 30 days, and its first known fraud. */
final class CardFeatures extends KeyedProcess<Integer, Transaction, CardTransaction> {
  private final FraudProtocol protocol;
  private final ListState<Spend> payments = list("payments", Spend.class);
  private final ValueState<Long> firstFraudDay = value("first-fraud-day", Long.class);

  CardFeatures(FraudProtocol protocol) {
    this.protocol = protocol;
  }

  @Override
  public void process(Integer customer, Transaction now, Context<CardTransaction> context) {
    CardWindow window =
        CardWindow.add(new StateHistory<>(payments), new Spend(now.epochSecond(), now.amount()));
    long fraudDay = firstFraudDay.orElse(FraudProtocol.NEVER);
    context.emit(new CardTransaction(now, window, protocol.isKnownCompromised(fraudDay, now)));
    if (now.fraud()) {
      firstFraudDay.set(protocol.firstFraudDay(fraudDay, now));
    }
  }
}
