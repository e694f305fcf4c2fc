package io.tidemill.channel;

import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Merges the inputs of a task by {@link OrderKey} and aligns their barriers.
 *
 * <p>An item is handed out only when no input can still deliver an earlier one. From the first
 * barrier of a checkpoint to the last, the inputs that have delivered theirs are not read, and the
 * others are read into memory until their barrier comes; what is then held back here belongs to the
 * checkpoint ({@link #held}). Where a checkpoint falls therefore never changes the order of items.
 *
 * <p>Confined to the thread of its task.
 */
public final class Inbox {
  private final List<Input> inputs = new ArrayList<>();
  private final int live;
  private boolean endDelivered;
  private long barrier = -1;

  /**
   * @param edges the channels of each incoming edge, in the order of the edges
   * @param restored what {@link #held} returned for each edge at the checkpoint that is restored
   */
  public Inbox(List<List<Channel>> edges, List<List<Item>> restored) {
    for (int edge = 0; edge < edges.size(); edge++) {
      for (Channel channel : edges.get(edge)) {
        inputs.add(new Input(edge, channel));
      }
    }
    live = inputs.size();
    for (int edge = 0; edge < restored.size(); edge++) {
      if (!restored.get(edge).isEmpty()) {
        inputs.add(new Input(edge, restored.get(edge)));
      }
    }
  }

  /** The next element, or null when none may be handed out yet. {@link End} comes once. */
  public Element poll() {
    fill();
    Input first = first();
    if (first != null && isNext(first)) {
      return first.held.poll();
    }
    if (first == null && !endDelivered && isEnded()) {
      endDelivered = true;
      return new End();
    }
    return barrier >= 0 && isAligned() ? align() : null;
  }

  /** Nothing that {@link #poll} will return is before this. */
  public OrderKey frontier() {
    OrderKey least = OrderKey.MAX;
    for (Input input : inputs) {
      OrderKey bound = input.bound();
      least = bound.compareTo(least) < 0 ? bound : least;
    }
    return least;
  }

  /**
   * What was taken from the channels of an edge and not handed out; part of the task's snapshot.
   */
  public List<Item> held(int edge) {
    List<Item> items = new ArrayList<>();
    for (Input input : inputs) {
      if (input.edge == edge) {
        items.addAll(input.held);
      }
    }
    items.sort((a, b) -> a.key().compareTo(b.key()));
    return items;
  }

  private void fill() {
    long met;
    do {
      met = barrier;
      readAll();
    } while (barrier != met);
  }

  private void readAll() {
    for (int i = 0; i < live; i++) {
      Input input = inputs.get(i);
      while (!input.blocked && (input.held.isEmpty() || barrier >= 0)) {
        if (!input.read()) {
          break;
        }
        if (input.blocked) {
          meet(input);
        }
      }
    }
  }

  /**
   * An input has delivered a barrier. Where inputs deliver those of different checkpoints, one
   * checkpoint was given up before its barrier had begun everywhere: the newest counts.
   */
  private void meet(Input input) {
    if (input.barrier < barrier) {
      input.blocked = false;
      return;
    }
    for (int i = 0; i < live; i++) {
      Input other = inputs.get(i);
      other.blocked = other.blocked && other.barrier == input.barrier;
    }
    barrier = input.barrier;
  }

  private Input first() {
    Input first = null;
    for (Input input : inputs) {
      if (!input.held.isEmpty() && (first == null || before(input, first))) {
        first = input;
      }
    }
    return first;
  }

  /** Whether no other input can still deliver something before the head of {@code first}. */
  private boolean isNext(Input first) {
    OrderKey key = first.held.peek().key();
    for (Input input : inputs) {
      if (input != first && input.held.isEmpty()) {
        int order = key.compareTo(input.bound);
        if (order > 0 || (order == 0 && first.edge > input.edge)) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean before(Input a, Input b) {
    int order = a.held.peek().key().compareTo(b.held.peek().key());
    return order < 0 || (order == 0 && a.edge < b.edge);
  }

  private boolean isEnded() {
    for (Input input : inputs) {
      if (!input.ended) {
        return false;
      }
    }
    return true;
  }

  private boolean isAligned() {
    for (int i = 0; i < live; i++) {
      if (!inputs.get(i).blocked) {
        return false;
      }
    }
    return true;
  }

  private Barrier align() {
    Barrier aligned = new Barrier(barrier, frontier());
    barrier = -1;
    for (Input input : inputs) {
      input.blocked = false;
    }
    return aligned;
  }

  /** One channel, or what a checkpoint had held back of an edge. */
  private static final class Input {
    final int edge;
    final Channel channel;
    final ArrayDeque<Item> held;
    OrderKey bound;
    boolean blocked;
    boolean ended;
    long barrier;

    Input(int edge, Channel channel) {
      this.edge = edge;
      this.channel = channel;
      this.held = new ArrayDeque<>();
      this.bound = OrderKey.MIN;
    }

    Input(int edge, List<Item> restored) {
      this.edge = edge;
      this.channel = null;
      this.held = new ArrayDeque<>(restored);
      this.bound = OrderKey.MAX;
      this.ended = true;
    }

    /** Takes one element from the channel; false when it was empty. */
    boolean read() {
      OrderKey frontier = channel.frontier();
      Element element = channel.poll();
      switch (element) {
        case null -> {
          if (!ended && frontier.compareTo(bound) > 0) {
            bound = frontier;
          }
          return false;
        }
        case Item item -> {
          held.add(item);
          bound = item.key();
        }
        case Barrier(long checkpoint, OrderKey behind) -> {
          blocked = true;
          barrier = checkpoint;
          bound = ended || behind.compareTo(bound) < 0 ? bound : behind;
        }
        case End _ -> {
          ended = true;
          bound = OrderKey.MAX;
        }
      }
      return true;
    }

    OrderKey bound() {
      return held.isEmpty() ? bound : held.peek().key();
    }
  }
}
