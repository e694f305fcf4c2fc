package io.tidemill.examples.fraud;

import io.tidemill.operator.KeyedProcess;
import io.tidemill.state.ListState;

/** How often a terminal was used for fraud, as far as the labels are known. */
final class TerminalRisk extends KeyedProcess<Integer, CardTransaction, Features> {
  private final ListState<Outcome> outcomes = list("outcomes", Outcome.class);

  @Override
  public void process(Integer terminal, CardTransaction now, Context<Features> context) {
    Transaction transaction = now.transaction();
    TerminalWindow window =
        TerminalWindow.add(
            new StateHistory<>(outcomes),
            new Outcome(transaction.epochSecond(), transaction.fraud()));
    context.emit(new Features(transaction, now.card(), window, now.compromised()));
  }
}
