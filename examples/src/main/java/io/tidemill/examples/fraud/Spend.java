package io.tidemill.examples.fraud;

/**
 * What a card window remembers of a transaction.
 *
 * @param epochSecond when
 * @param amount how much
 */
public record Spend(long epochSecond, double amount) {}
