package io.tidemill.state;

import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import io.tidemill.codec.KeyGroupRange;
import io.tidemill.codec.KeyGroups;
import io.tidemill.codec.KeyHasher;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Event-time timers of one keyed operator, at most one per time and key.
 *
 * <p>Confined to its task's thread. Timers fire in the order of time, hash of the encoded key, and
 * registration; none of these depends on threads or on the number of tasks. Saved and restored with
 * its {@link KeyedStateStore}.
 *
 * @param <K> type of the keys
 */
public final class TimerQueue<K> {
  /** What an operator does when a timer fires. */
  @FunctionalInterface
  public interface Handler<K> {
    /** Called with the timer's key selected in the store. */
    void onTimer(long timeMs, K key);
  }

  private record Slot(long timeMs, Object key) {}

  private static final class Timer<K> {
    final long timeMs;
    final K key;
    final long hash;
    final long sequence;
    boolean deleted;

    Timer(long timeMs, K key, long hash, long sequence) {
      this.timeMs = timeMs;
      this.key = key;
      this.hash = hash;
      this.sequence = sequence;
    }
  }

  private static final Comparator<Timer<?>> FIRING_ORDER =
      (a, b) -> {
        int byTime = Long.compare(a.timeMs, b.timeMs);
        int byHash = byTime != 0 ? byTime : Long.compareUnsigned(a.hash, b.hash);
        return byHash != 0 ? byHash : Long.compare(a.sequence, b.sequence);
      };
  private static final Comparator<Timer<?>> SNAPSHOT_ORDER =
      Comparator.<Timer<?>>comparingInt(timer -> KeyGroups.ofHash(timer.hash))
          .thenComparing(FIRING_ORDER);

  private final Codec<K> keyCodec;
  private final KeyHasher<K> hasher;
  private final CurrentKey current;
  private final Map<Slot, Timer<K>> registered = new HashMap<>();
  private final PriorityQueue<Timer<K>> queue = new PriorityQueue<>(FIRING_ORDER);
  private long nextSequence;

  TimerQueue(Codec<K> keyCodec, KeyHasher<K> hasher, CurrentKey current) {
    this.keyCodec = keyCodec;
    this.hasher = hasher;
    this.current = current;
  }

  /** Registers a timer; without effect where this time and key have one. */
  public void register(long timeMs, K key) {
    if (current.isTrial()) {
      return;
    }
    Slot slot = new Slot(timeMs, key);
    if (!registered.containsKey(slot)) {
      add(slot, new Timer<>(timeMs, key, hasher.hash(key), nextSequence++));
    }
  }

  /** Deletes the timer of this time and key, if there is one. */
  public void delete(long timeMs, K key) {
    if (current.isTrial()) {
      return;
    }
    Timer<K> timer = registered.remove(new Slot(timeMs, key));
    if (timer != null) {
      timer.deleted = true;
      dropDeleted();
    }
  }

  /**
   * The times up to {@code upToMs} at which timers of {@code key} have still to fire, ascending.
   */
  public List<Long> due(long upToMs, K key) {
    return nextTimeMs() > upToMs
        ? List.of()
        : registered.keySet().stream()
            .filter(slot -> slot.timeMs() <= upToMs && slot.key().equals(key))
            .map(Slot::timeMs)
            .sorted()
            .toList();
  }

  /** Timers that have not fired. */
  public int size() {
    return registered.size();
  }

  /** The time of the next timer; {@code Long.MAX_VALUE} where there is none. */
  public long nextTimeMs() {
    return queue.isEmpty() ? Long.MAX_VALUE : queue.peek().timeMs;
  }

  /**
   * Fires timers up to and including {@code upToMs}, {@code limit} at most, and those that the
   * handler registers meanwhile within that time too.
   *
   * @return how many fired; less than {@code limit} means that none is due any more
   */
  public int fire(long upToMs, int limit, Handler<? super K> handler) {
    int fired = 0;
    while (fired < limit && !queue.isEmpty() && queue.peek().timeMs <= upToMs) {
      Timer<K> timer = queue.poll();
      registered.remove(new Slot(timer.timeMs, timer.key));
      dropDeleted();
      current.select(timer.key);
      handler.onTimer(timer.timeMs, timer.key);
      fired++;
    }
    return fired;
  }

  void snapshot(ByteWriter out) {
    List<Timer<K>> timers = new ArrayList<>(registered.values());
    timers.sort(SNAPSHOT_ORDER);
    out.writeVarInt(timers.size());
    for (Timer<K> timer : timers) {
      out.writeLong(timer.hash);
      out.writeLong(timer.timeMs);
      keyCodec.encode(timer.key, out);
    }
  }

  void restore(ByteReader in, KeyGroupRange range) {
    for (int left = in.readVarInt(); left != 0; left--) {
      long hash = in.readLong();
      long timeMs = in.readLong();
      K key = keyCodec.decode(in);
      if (range.contains(KeyGroups.ofHash(hash))) {
        add(new Slot(timeMs, key), new Timer<>(timeMs, key, hash, nextSequence++));
      }
    }
  }

  private void add(Slot slot, Timer<K> timer) {
    registered.put(slot, timer);
    queue.add(timer);
  }

  /** Keeps the head alive, and the queue within twice the number of living timers. */
  private void dropDeleted() {
    while (!queue.isEmpty() && queue.peek().deleted) {
      queue.poll();
    }
    if (queue.size() > 2 * registered.size() + 16) {
      queue.removeIf(timer -> timer.deleted);
    }
  }
}
