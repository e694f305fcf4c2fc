package io.tidemill.task;

import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.Inbox;
import io.tidemill.channel.OrderKey;
import io.tidemill.codec.Codec;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Takes records in order from an {@link Inbox} and drives a chain of operators with them.
 *
 * <p>Protocol of a slice: deliver what waits, let busy operators work, then take elements. A
 * barrier is answered with a snapshot and handed on; after the end the task still answers barriers.
 */
public final class OperatorTask implements Task {
  private static final int SLICE_ITEMS = 256;

  private final TaskId id;
  private final Inbox inbox;
  private final List<Codec<Object>> inputCodecs;
  private final ChainLink chain;
  private final JobSignals signals;
  private final Reports reports;
  private final Inquiries inquiries = new Inquiries();
  private OrderKey advanced = OrderKey.MIN;
  private boolean ended;
  private boolean complete;

  /**
   * @param inputCodecs codec of the records of each incoming edge, for those that are held back
   *     when a checkpoint is taken
   */
  public OperatorTask(
      TaskId id,
      Inbox inbox,
      List<Codec<Object>> inputCodecs,
      ChainLink chain,
      JobSignals signals,
      Reports reports) {
    this.id = id;
    this.inbox = inbox;
    this.inputCodecs = List.copyOf(inputCodecs);
    this.chain = chain;
    this.signals = signals;
    this.reports = reports;
  }

  /** Opens the operators, and takes up their part of a checkpoint where there is one. */
  public void open(Optional<Function<String, RestoredState>> checkpoint) {
    chain.open();
    checkpoint.ifPresent(chain::restore);
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public int doWork() {
    int work = chain.observe(signals) + inquiries.answer();
    for (int i = 0; i < SLICE_ITEMS && chain.flush(); i++) {
      if (chain.work()) {
        chain.promise(advanced);
        return work + 1;
      }
      if (!chain.isReady() || !step()) {
        break;
      }
      work++;
    }
    advance(inbox.frontier());
    chain.promise(advanced);
    if (ended && !complete && chain.flush()) {
      complete = true;
      reports.send(new TaskReport.Complete(id));
    }
    return work;
  }

  /**
   * What the operators of {@code path} in this task would make of an item now; any thread asks.
   * Nothing changes by it.
   */
  public CompletableFuture<List<Item>> inquire(Item item, Set<String> path) {
    CompletableFuture<List<Item>> answer = new CompletableFuture<>();
    inquiries.ask(() -> answer(answer, chain, item, path));
    return answer;
  }

  static void answer(
      CompletableFuture<List<Item>> answer, ChainLink chain, Item item, Set<String> path) {
    try {
      List<Item> made = new ArrayList<>();
      chain.inquire(item, path, made);
      answer.complete(made);
    } catch (RuntimeException e) {
      answer.completeExceptionally(e);
    }
  }

  @Override
  public void endInquiries() {
    inquiries.end();
  }

  @Override
  public void finish() {
    chain.observe(signals);
    chain.finish();
  }

  @Override
  public void close() {
    chain.close();
  }

  /** Takes one element; false when there was none. */
  private boolean step() {
    switch (inbox.poll()) {
      case null -> {
        return false;
      }
      case Item item -> {
        advance(item.key());
        chain.process(item);
      }
      case Barrier barrier -> {
        // Timers before the frontier that goes on with the barrier fire now, not behind it.
        advance(barrier.frontier());
        Map<String, List<StatePart>> parts = chain.snapshot(barrier.checkpoint());
        parts.put(chain.vertexId(), withHeld(parts.get(chain.vertexId())));
        reports.send(new TaskReport.Snapshot(id, barrier.checkpoint(), parts));
        chain.broadcast(new Barrier(barrier.checkpoint(), barrier.frontier()));
      }
      case End end -> {
        advance(OrderKey.MAX);
        chain.end();
        chain.broadcast(end);
        ended = true;
      }
    }
    return true;
  }

  private void advance(OrderKey frontier) {
    if (frontier.compareTo(advanced) > 0) {
      advanced = frontier;
      chain.advance(frontier);
    }
  }

  private List<StatePart> withHeld(List<StatePart> parts) {
    List<StatePart> all = new ArrayList<>(parts);
    for (int edge = 0; edge < inputCodecs.size(); edge++) {
      List<Item> held = inbox.held(edge);
      if (!held.isEmpty()) {
        all.add(HeldItems.write(edge, held, inputCodecs.get(edge)));
      }
    }
    return all;
  }
}
