package io.tidemill.examples.fraud;

/**
 * A transaction with what its card did before.
 *
 * @param compromised whether the card is known to be compromised: {@link FraudProtocol}
 */
public record CardTransaction(Transaction transaction, CardWindow card, boolean compromised) {
  /** The terminal of the transaction. */
  public int terminal() {
    return transaction.terminal();
  }
}
