package io.tidemill.examples.fraud;

/**
 * What a terminal window remembers of a transaction.
 *
 * @param epochSecond when it was made; whether it was fraud is known 7 days later
 * @param fraud what came out
 */
public record Outcome(long epochSecond, boolean fraud) {}
