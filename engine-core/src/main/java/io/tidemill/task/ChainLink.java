package io.tidemill.task;

import io.tidemill.channel.Element;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.channel.Outbox;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.operator.Operator;
import io.tidemill.operator.OperatorContext;
import io.tidemill.operator.Output;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * An operator within a task, with those that take its records in the same task (by plain calls) and
 * an outbox to those that do not.
 *
 * <p>Confined to the thread of the task.
 */
public final class ChainLink implements Output, AutoCloseable {
  private final Operator operator;
  private final OperatorContext context;
  private final Outbox outbox;
  private final List<ChainLink> next;
  private final boolean hasOneReader;
  private long committed;

  /**
   * @param edges the ways to other tasks
   * @param next those that take the records in this task
   */
  public ChainLink(
      Operator operator, OperatorContext context, List<Outbox.Edge> edges, List<ChainLink> next) {
    this.operator = operator;
    this.context = context;
    this.next = List.copyOf(next);
    this.hasOneReader = edges.size() + next.size() == 1;
    this.outbox = hasOneReader ? new Outbox(edges) : new Outbox(edges, next.size());
  }

  /** Opens this operator and those behind it. */
  void open() {
    operator.open(context);
    next.forEach(ChainLink::open);
  }

  void restore(Function<String, RestoredState> checkpoint) {
    operator.restore(checkpoint.apply(context.vertexId()));
    next.forEach(link -> link.restore(checkpoint));
  }

  void process(Item item) {
    try {
      operator.process(item, this);
    } catch (EngineException e) {
      throw e;
    } catch (RuntimeException e) {
      throw failed(
          "at the record of split=" + item.key().split() + " offset=" + item.key().offset(), e);
    }
  }

  /**
   * What the operators of {@code path}, this one and some behind it, would make of an item now.
   *
   * @throws EngineException USER_CODE where one of them fails; nothing else comes of it
   */
  void inquire(Item item, Set<String> path, List<Item> made) {
    Optional<ChainLink> onward =
        next.stream().filter(link -> path.contains(link.vertexId())).findFirst();
    try {
      operator.inquire(
          item,
          onward
              .<Output>map(link -> emitted -> link.inquire(emitted, path, made))
              .orElse(made::add));
    } catch (EngineException e) {
      throw e;
    } catch (RuntimeException e) {
      throw failed("at a record that was asked about", e);
    }
  }

  @Override
  public void emit(Item item) {
    for (int i = 0; i < next.size(); i++) {
      next.get(i).process(hasOneReader ? item : new Item(item.key().child(i), item.value()));
    }
    outbox.emit(item);
  }

  void advance(OrderKey frontier) {
    try {
      operator.advance(frontier, this);
    } catch (EngineException e) {
      throw e;
    } catch (RuntimeException e) {
      throw failed("in a timer", e);
    }
    for (int i = 0; i < next.size(); i++) {
      next.get(i).advance(frontier);
    }
  }

  void end() {
    operator.end(this);
    next.forEach(ChainLink::end);
  }

  /** Sends a barrier or an end behind everything that was emitted. */
  void broadcast(Element element) {
    outbox.emit(element);
    next.forEach(link -> link.broadcast(element));
  }

  void promise(OrderKey frontier) {
    outbox.advance(frontier);
    for (int i = 0; i < next.size(); i++) {
      next.get(i).promise(frontier);
    }
  }

  boolean flush() {
    boolean flushed = outbox.flush();
    for (int i = 0; i < next.size(); i++) {
      flushed &= next.get(i).flush();
    }
    return flushed;
  }

  /** Lets the operators that are busy work for a slice; false when none is. */
  boolean work() {
    boolean busy = operator.isBusy();
    if (busy) {
      try {
        operator.work(this);
      } catch (EngineException e) {
        throw e;
      } catch (RuntimeException e) {
        throw failed("at what it had collected", e);
      }
    }
    for (int i = 0; i < next.size(); i++) {
      busy |= next.get(i).work();
    }
    return busy;
  }

  boolean isReady() {
    for (int i = 0; i < next.size(); i++) {
      if (!next.get(i).isReady()) {
        return false;
      }
    }
    return operator.isReady();
  }

  Map<String, List<StatePart>> snapshot(long checkpoint) {
    Map<String, List<StatePart>> parts = new LinkedHashMap<>();
    visit(link -> parts.put(link.context.vertexId(), link.operator.snapshot(checkpoint)));
    return parts;
  }

  /** Tells the operators of a checkpoint that has become durable since; 1 where there was one. */
  int observe(JobSignals signals) {
    long newest = signals.committedCheckpoint();
    if (newest <= committed) {
      return 0;
    }
    committed = newest;
    visit(link -> link.operator.committed(newest));
    return 1;
  }

  void finish() {
    visit(link -> link.operator.finish());
  }

  String vertexId() {
    return context.vertexId();
  }

  @Override
  public void close() {
    visit(link -> link.operator.close());
  }

  private EngineException failed(String where, RuntimeException cause) {
    return new EngineException(
        ErrorCode.USER_CODE,
        "operator " + context.vertexId() + " failed " + where + ": " + cause,
        cause);
  }

  private void visit(Consumer<ChainLink> visitor) {
    visitor.accept(this);
    next.forEach(link -> link.visit(visitor));
  }
}
