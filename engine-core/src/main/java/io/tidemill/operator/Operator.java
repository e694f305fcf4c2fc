package io.tidemill.operator;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import java.util.List;

/**
 * The work of one vertex in one task.
 *
 * <p>Lifecycle, all on the thread of the task: {@link #open}, at most once {@link #restore}, then
 * any number of {@link #advance}, {@link #process}, {@link #work} and {@link #snapshot}; {@link
 * #end} after the last item; {@link #committed} whenever a checkpoint has become durable; {@link
 * #finish} when the job is done; {@link #close}. None of them may block for longer than a slice (1
 * ms).
 *
 * <p>After a restore the same items may lead to {@link #end} a second time.
 */
public interface Operator extends AutoCloseable {
  /** Tells the operator where it runs. */
  default void open(OperatorContext context) {}

  /** Takes one item and emits what follows from it. */
  void process(Item item, Output out);

  /**
   * Emits what would follow from an item if it came now, and stays as it is. An operator that keeps
   * nothing does what it always does.
   */
  default void inquire(Item item, Output out) {
    process(item, out);
  }

  /** Event time has moved: no item before {@code frontier} will come. */
  default void advance(OrderKey frontier, Output out) {}

  /** No item will come any more. */
  default void end(Output out) {}

  /**
   * Whether there is work that needs no input; then {@link #work} is called before the next item.
   */
  default boolean isBusy() {
    return false;
  }

  /** Does a bounded slice of such work. */
  default void work(Output out) {}

  /** Whether the next item may come; an operator that is ahead of its readers says no. */
  default boolean isReady() {
    return true;
  }

  /** What has to be in a checkpoint for this task to continue as if nothing had happened. */
  default List<StatePart> snapshot(long checkpoint) {
    return List.of();
  }

  /** Takes what {@link #snapshot} of all tasks of this vertex returned, at whatever parallelism. */
  default void restore(RestoredState state) {}

  /** The checkpoint can no longer be lost: side effects that belong to it may become visible. */
  default void committed(long checkpoint) {}

  /** The job is done and its last checkpoint is committed. */
  default void finish() {}

  @Override
  default void close() {}
}
