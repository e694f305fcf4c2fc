package io.tidemill.serving.call;

import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.traffic.StickyKey;

/**
 * Who asks, how urgently, and since when.
 *
 * @param key of whom the call is, for a canary
 * @param urgency unless the call itself says another one
 * @param arrivedNs {@link System#nanoTime} when it came, from which its duration is counted
 */
public record Asking(StickyKey key, Urgency urgency, long arrivedNs) {}
