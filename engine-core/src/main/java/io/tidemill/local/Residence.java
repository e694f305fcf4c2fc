package io.tidemill.local;

import io.tidemill.graph.Role;
import io.tidemill.plan.Plan;
import io.tidemill.plan.Plan.Slot;
import java.util.OptionalInt;

/**
 * Which of a plan's workers live in this process.
 *
 * @param own the one that does, where each is a process; all do where it is empty
 */
record Residence(OptionalInt own) {
  /** All workers are threads of this process. */
  static final Residence ALL = new Residence(OptionalInt.empty());

  /** This process is one worker. */
  static Residence of(int worker) {
    return new Residence(OptionalInt.of(worker));
  }

  boolean isHere(Slot slot) {
    return own.isEmpty() || own.getAsInt() == slot.worker();
  }

  /** Whether a worker but the first has a task, other than of a rank. */
  static boolean isSpread(Plan plan) {
    return plan.chains().stream()
        .filter(chain -> !(chain.head().role() instanceof Role.Trains))
        .flatMap(chain -> chain.slots().stream())
        .anyMatch(slot -> slot.worker() > 0);
  }
}
