package io.tidemill.serving.call;

/** What became of a call of the type {@code C}. */
public sealed interface Outcome<C extends ModelCall> permits Answered, Refused {}
