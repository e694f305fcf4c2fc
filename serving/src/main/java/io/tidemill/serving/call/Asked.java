package io.tidemill.serving.call;

import java.util.concurrent.CompletionStage;

/**
 * A call under way.
 *
 * @param outcome never fails; made on the thread that computed it
 * @param withdraw says that nobody waits any more: what no batch has taken yet is not computed, and
 *     the outcome is {@link Refusal.Withdrawn}. Any thread, any number of times, also when it is
 *     over
 */
public record Asked<C extends ModelCall>(CompletionStage<Outcome<C>> outcome, Runnable withdraw) {}
