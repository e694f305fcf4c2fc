package io.tidemill.task;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.connector.EventTime;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Consumer;

/**
 * Brings the records of one split into the order of their event time.
 *
 * <p>A record is held until no earlier one can come, which is when one has come that is later by
 * the bound. Whether a record is late depends on the records before it in the split and on nothing
 * else. Without event time the order is that of the offsets.
 */
final class SplitOrder {
  private final String name;
  private final int split;
  private final Optional<EventTime<Object>> eventTime;
  private final PriorityQueue<Item> held = new PriorityQueue<>(Comparator.comparing(Item::key));
  private long latestMs = Long.MIN_VALUE;
  private long nextOffset;
  private long dropped;

  SplitOrder(String name, int split, Optional<EventTime<Object>> eventTime) {
    this.name = name;
    this.split = split;
    this.eventTime = eventTime;
  }

  /** Takes the next record of the split and hands out those whose turn has come. */
  void add(Object record, Consumer<Item> out) {
    long offset = nextOffset++;
    if (eventTime.isEmpty()) {
      out.accept(new Item(OrderKey.ofSource(offset, split, offset), record));
      return;
    }
    EventTime<Object> time = eventTime.get();
    long timeMs = timeOf(time, record, offset);
    if (latestMs != Long.MIN_VALUE && timeMs < latestMs - time.boundMs()) {
      late(time, timeMs, offset);
      return;
    }
    latestMs = Math.max(latestMs, timeMs);
    Item item = new Item(OrderKey.ofSource(timeMs, split, offset), record);
    if (time.boundMs() == 0) {
      out.accept(item);
      return;
    }
    held.add(item);
    while (held.peek().key().time() <= latestMs - time.boundMs()) {
      out.accept(held.poll());
    }
  }

  /** A record in the place that it would have if it came next. */
  Item next(Object record) {
    long time = eventTime.isEmpty() ? nextOffset : timeOf(eventTime.get(), record, nextOffset);
    return new Item(OrderKey.ofSource(time, split, nextOffset), record);
  }

  /** Hands out what is held: the split has ended. */
  void end(Consumer<Item> out) {
    while (!held.isEmpty()) {
      out.accept(held.poll());
    }
  }

  /** Nothing that will be handed out is before this. */
  OrderKey frontier() {
    if (eventTime.isEmpty()) {
      return OrderKey.ofSource(nextOffset, split, nextOffset);
    }
    if (latestMs == Long.MIN_VALUE) {
      return OrderKey.MIN;
    }
    long bound = eventTime.get().boundMs();
    return bound == 0
        ? OrderKey.ofSource(latestMs, split, nextOffset)
        : new OrderKey(latestMs - bound, Integer.MIN_VALUE, 0, 0);
  }

  long nextOffset() {
    return nextOffset;
  }

  long latestMs() {
    return latestMs;
  }

  long dropped() {
    return dropped;
  }

  List<Item> held() {
    return new ArrayList<>(held);
  }

  void restore(long offset, long latest, long droppedBefore, List<Item> items) {
    nextOffset = offset;
    latestMs = latest;
    dropped = droppedBefore;
    held.addAll(items);
  }

  private long timeOf(EventTime<Object> time, Object record, long offset) {
    try {
      return time.timeMs().applyAsLong(record);
    } catch (EngineException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new EngineException(
          ErrorCode.USER_CODE,
          "the event time of " + name + " failed at the record of offset=" + offset + ": " + e,
          e);
    }
  }

  private void late(EventTime<Object> time, long timeMs, long offset) {
    if (time.late() == EventTime.Late.FAIL) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "late record in "
              + name
              + ": offset="
              + offset
              + " is "
              + (latestMs - timeMs)
              + " ms earlier than a record before it, the bound is "
              + time.boundMs()
              + " ms; sort the input, raise the bound of eventTime, or drop late"
              + " records");
    }
    dropped++;
  }
}
