package io.tidemill.transport.collective;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/**
 * The operations of a rank that are under way, in order.
 *
 * <p>Confined to the thread of its collective.
 */
final class OperationQueue {
  /** More buckets than a step is cut in. */
  static final int CAPACITY = 256;

  private final Group group;
  private final Operation[] ring = new Operation[CAPACITY];
  private long begun;
  private long completed;

  OperationQueue(Group group) {
    this.group = group;
    for (int i = 0; i < CAPACITY; i++) {
      ring[i] = new Operation();
    }
  }

  /** The number of the operation. */
  long begin(Slices slices, boolean reduces, boolean gathers) {
    long limit = reduces ? group.summedFloats() : group.floats();
    if (slices.ranks() != group.ranks() || slices.end(group.ranks() - 1) > limit) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s: expected slices for %d ranks that end at %d or before, found %s"
              .formatted(group, group.ranks(), limit, slices));
    }
    if (begun - completed == CAPACITY) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          group
              + ": more than "
              + CAPACITY
              + " operations are under way; poll until some are done");
    }
    begun++;
    slot(begun).begin(begun, slices, reduces, gathers);
    return begun;
  }

  boolean isEmpty() {
    return begun == completed;
  }

  /** The oldest that is under way. */
  Operation head() {
    return slot(completed + 1);
  }

  /** The oldest is done. */
  void complete() {
    completed++;
  }

  long completed() {
    return completed;
  }

  private Operation slot(long number) {
    return ring[(int) (number % CAPACITY)];
  }
}
