package io.tidemill.benchmarks.serve;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * The answers of a calm time, of an overload, and of the calm after it. Confined to the thread of
 * the load.
 *
 * <p>A request belongs to the phase in which it was due. All is as before from the first tenth of a
 * second on, after the overload, that begins half a second in which every tenth has no refusal, and
 * a median latency that is not above the p99 of the calm before.
 */
final class OverloadPhases {
  private static final long SLOT_NS = 100_000_000;
  private static final int CALM_SLOTS = 5;
  private static final int OK = 200;
  private static final int BUSY = 503;

  private final long overloadBeginsNs;
  private final long overloadEndsNs;
  private final long endNs;
  private final Latencies calm = new Latencies();
  private final Latencies overload = new Latencies();
  private final Latencies[] after;
  private final boolean[] wasRefused;
  private long answered;
  private long refused;
  private long refusedWithoutAWord;
  private long failed;

  /** Phases that begin now: calm, overload, and calm for as long as before. */
  OverloadPhases(long nowNs, double calmSeconds, double overloadSeconds) {
    long calmNs = (long) (calmSeconds * 1e9);
    overloadBeginsNs = nowNs + calmNs;
    overloadEndsNs = overloadBeginsNs + (long) (overloadSeconds * 1e9);
    long afterNs = Math.max(calmNs, 2 * CALM_SLOTS * SLOT_NS);
    endNs = overloadEndsNs + afterNs;
    after = new Latencies[(int) (afterNs / SLOT_NS)];
    wasRefused = new boolean[after.length];
    for (int i = 0; i < after.length; i++) {
      after[i] = new Latencies();
    }
  }

  boolean isOverload(long nowNs) {
    return nowNs >= overloadBeginsNs && nowNs < overloadEndsNs;
  }

  /** When the last phase ends. */
  long endNs() {
    return endNs;
  }

  double overloadSeconds() {
    return (overloadEndsNs - overloadBeginsNs) / 1e9;
  }

  /** Takes an answer. */
  void take(Answer answer) {
    if (answer.status() != OK && answer.status() != BUSY) {
      failed++;
    }
    if (answer.status() == BUSY && !answer.saysWhenToRetry()) {
      refusedWithoutAWord++;
    }
    if (isOverload(answer.dueNs())) {
      inOverload(answer);
    } else if (answer.dueNs() < overloadBeginsNs) {
      calm.add(answer.latencyNs());
    } else {
      afterwards(answer);
    }
  }

  private void inOverload(Answer answer) {
    if (answer.status() == OK) {
      answered++;
      overload.add(answer.latencyNs());
    } else if (answer.status() == BUSY) {
      refused++;
    }
  }

  private void afterwards(Answer answer) {
    int slot = (int) ((answer.dueNs() - overloadEndsNs) / SLOT_NS);
    if (slot < after.length) {
      after[slot].add(answer.latencyNs());
      wasRefused[slot] |= answer.status() != OK;
    }
  }

  /** Requests of the overload that were answered with a prediction. */
  long answered() {
    return answered;
  }

  /** Requests of the overload that were answered with 503. */
  long refused() {
    return refused;
  }

  /** Requests of the overload that were sent and came back. */
  long offered() {
    return answered + refused;
  }

  /** Answers with 503 that did not say when to come again; of all phases. */
  long refusedWithoutAWord() {
    return refusedWithoutAWord;
  }

  /** Neither answered nor refused; of all phases. */
  long failed() {
    return failed;
  }

  /** Of answers with a prediction. */
  double overloadP99Ms() {
    return overload.quantileMs(0.99);
  }

  double calmP99Ms() {
    return calm.quantileMs(0.99);
  }

  /** From the end of the overload until all is as before; empty where that did not come. */
  OptionalDouble recoverySeconds() {
    int calmSlots = 0;
    for (int slot = 0; slot < after.length; slot++) {
      boolean isCalm =
          !wasRefused[slot]
              && after[slot].count() > 0
              && after[slot].quantileMs(0.5) <= calm.quantileMs(0.99);
      calmSlots = isCalm ? calmSlots + 1 : 0;
      if (calmSlots == CALM_SLOTS) {
        return OptionalDouble.of((slot + 1 - CALM_SLOTS) * SLOT_NS / 1e9);
      }
    }
    return OptionalDouble.empty();
  }

  /** How long the last phase is. */
  double afterSeconds() {
    return after.length * SLOT_NS / 1e9;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "of %d requests under overload %d were answered and %d refused; %d failed; %s",
        offered(),
        answered,
        refused,
        failed,
        recoverySeconds().isPresent()
            ? "calm after " + recoverySeconds().getAsDouble() + " s"
            : "not calm within " + afterSeconds() + " s");
  }
}
