package io.tidemill.train;

import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;

/**
 * Where a training stands between two steps.
 *
 * @param completed steps done: the position in the data and in the schedule
 * @param applied updates that made these weights, which the optimiser counts by
 * @param failures steps that were not finite: in a row, or since the state that training last went
 *     back to
 */
record StepCount(long completed, long applied, int failures) {
  static final StepCount NONE = new StepCount(0, 0, 0);

  /** Steps whose batches left no trace in the weights. */
  long skipped() {
    return completed - applied;
  }

  /** After a step that updated the weights. */
  StepCount afterUpdate(NonFinite policy) {
    // Going back ends at the next checkpoint only, however many steps went well since.
    int kept = policy == NonFinite.ROLL_BACK ? failures : 0;
    return new StepCount(completed + 1, applied + 1, kept);
  }

  /** After a step that changed nothing. */
  StepCount afterSkip() {
    return new StepCount(completed + 1, applied, failures + 1);
  }

  /** After a step that put the weights back to those of {@code remembered}. */
  StepCount afterRollBack(StepCount remembered) {
    return new StepCount(completed + 1, remembered.applied, failures + 1);
  }

  /** As a state to go back to. */
  StepCount remembered(NonFinite policy) {
    return policy == NonFinite.ROLL_BACK ? new StepCount(completed, applied, 0) : this;
  }

  byte[] encode() {
    ByteWriter out = new ByteWriter();
    out.writeLong(completed);
    out.writeLong(applied);
    out.writeInt(failures);
    return out.toByteArray();
  }

  static StepCount decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    return new StepCount(in.readLong(), in.readLong(), in.readInt());
  }
}
