package io.tidemill.channel;

import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Delivers what a task emits to the channels of its outgoing edges.
 *
 * <p>An emission never fails: what finds its channel full waits here, and the task takes no further
 * input until {@link #flush} has delivered it. What waits is at most what one input gave rise to.
 *
 * <p>Where a stream has several readers, each reads its records under keys of its own, the {@link
 * OrderKey#child} of the reader's number. So what became of one record on two ways has two keys, in
 * the same order everywhere, where the ways meet again.
 *
 * <p>Confined to the thread of its task.
 */
public final class Outbox {
  private static final int ONLY_READER = -1;

  private final List<Edge> edges;
  private final int firstReader;
  private final ArrayDeque<Element> waiting = new ArrayDeque<>();

  /** Edge and, for an element that goes to all its channels, channel to offer next. */
  private int edgeCursor;

  private int channelCursor;

  /** The channels of one outgoing edge, one per receiving task. */
  public record Edge(Routing routing, List<Channel> channels) {
    public Edge {
      channels = List.copyOf(channels);
    }
  }

  /** An outbox of a stream whose one reader is the one edge, or whose records need no telling. */
  public Outbox(List<Edge> edges) {
    this(edges, ONLY_READER);
  }

  /**
   * An outbox of a stream with several readers.
   *
   * @param firstReader the number of the first edge among the readers
   */
  public Outbox(List<Edge> edges, int firstReader) {
    this.edges = List.copyOf(edges);
    this.firstReader = firstReader;
  }

  /** Sends a record along every edge, or a barrier or end through every channel. */
  public void emit(Element element) {
    if (waiting.isEmpty() && deliver(element)) {
      return;
    }
    waiting.add(element);
  }

  /** Delivers what waits; true when nothing waits any more. */
  public boolean flush() {
    while (!waiting.isEmpty()) {
      if (!deliver(waiting.peek())) {
        return false;
      }
      waiting.poll();
    }
    return true;
  }

  /**
   * Tells every receiver that nothing before {@code frontier}, and before what waits, will come.
   */
  public void advance(OrderKey frontier) {
    OrderKey promise =
        switch (waiting.peek()) {
          case Item item -> item.key();
          case Barrier barrier -> barrier.frontier();
          case End _ -> frontier;
          case null -> frontier;
        };
    for (Edge edge : edges) {
      for (Channel channel : edge.channels) {
        channel.advance(promise);
      }
    }
  }

  private boolean deliver(Element element) {
    while (edgeCursor < edges.size()) {
      if (!deliver(forReader(element), edges.get(edgeCursor))) {
        return false;
      }
      channelCursor = 0;
      edgeCursor++;
    }
    edgeCursor = 0;
    return true;
  }

  private Element forReader(Element element) {
    return firstReader != ONLY_READER && element instanceof Item item
        ? new Item(item.key().child(firstReader + edgeCursor), item.value())
        : element;
  }

  private boolean deliver(Element element, Edge edge) {
    int target =
        element instanceof Item item
            ? edge.routing.channelOf(item.value(), edge.channels.size())
            : -1;
    if (target >= 0) {
      return edge.channels.get(target).offer(element);
    }
    while (channelCursor < edge.channels.size()) {
      if (!edge.channels.get(channelCursor).offer(element)) {
        return false;
      }
      channelCursor++;
    }
    return true;
  }
}
