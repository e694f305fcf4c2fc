package io.tidemill.serving.call;

/** A call was not answered. */
public record Refused<C extends ModelCall>(Refusal refusal) implements Outcome<C> {}
