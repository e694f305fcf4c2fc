package io.tidemill.harness;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Element;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.Inbox;
import io.tidemill.channel.OrderKey;
import io.tidemill.channel.Outbox;
import io.tidemill.channel.Routing;
import io.tidemill.operator.FilterOperator;
import io.tidemill.operator.FlatMapOperator;
import io.tidemill.operator.KeyedOperator;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.operator.MapOperator;
import io.tidemill.operator.Operator;
import io.tidemill.operator.OperatorContext;
import io.tidemill.task.ChainLink;
import io.tidemill.task.JobSignals;
import io.tidemill.task.OperatorTask;
import io.tidemill.task.Reports;
import io.tidemill.task.TaskId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Drives an operator, or a user's function, with timed records in every way that the engine does.
 *
 * <pre>{@code
 * OperatorHarness.process(Count::new, Click::user)
 *     .at(1_000, new Click("ann"))
 *     .at(2_000, new Click("ann"))
 *     .expect(1L, 2L);
 * }</pre>
 *
 * <p>{@link #expect} passes when every {@link Mode} gives the expected records; {@link #run} gives
 * the result of one. Whatever the mode, what is emitted has to come in the order of its keys. After
 * the records event time goes to its end, so timers fire.
 *
 * <p>For tests, of the engine's operators and of users'. Confined to one thread.
 */
public final class OperatorHarness {
  /** How the operator is driven. */
  public enum Mode {
    /** By plain calls. */
    STRAIGHT,
    /** By plain calls, to a new instance that takes over from a snapshot before each of them. */
    RESTORED_AT_EVERY_STEP,
    /** In a task whose channels hold two elements and whose reader takes one at a time. */
    FULL_OUTPUT
  }

  /**
   * What came of a run.
   *
   * @param items what was emitted
   * @param metrics what was measured
   */
  public record Result(List<Item> items, Map<String, Double> metrics) {
    public Result {
      items = List.copyOf(items);
      metrics = Map.copyOf(metrics);
    }

    /** The records that were emitted. */
    public List<Object> values() {
      return items.stream().map(Item::value).toList();
    }
  }

  private static final int CAPACITY = 2;
  private static final int IDLE_TURNS = 1_000;

  private final Supplier<? extends Operator> operators;
  private final List<Item> input = new ArrayList<>();

  private OperatorHarness(Supplier<? extends Operator> operators) {
    this.operators = operators;
  }

  /** Of an operator; each call of {@code operators} gives a new instance. */
  public static OperatorHarness of(Supplier<? extends Operator> operators) {
    return new OperatorHarness(operators);
  }

  /** Of a map function. */
  public static <I, O> OperatorHarness map(Function<I, O> function) {
    return of(() -> new MapOperator<>(function));
  }

  /** Of a filter's condition. */
  public static <T> OperatorHarness filter(Predicate<T> condition) {
    return of(() -> new FilterOperator<>(condition));
  }

  /** Of a flatMap function. */
  public static <I, O> OperatorHarness flatMap(Function<I, ? extends Iterable<O>> function) {
    return of(() -> new FlatMapOperator<>(function));
  }

  /** Of a keyed process; each call of {@code processes} gives a new instance. */
  public static <K, I, O> OperatorHarness process(
      Supplier<? extends KeyedProcess<K, I, O>> processes, Function<I, K> key) {
    return of(() -> new KeyedOperator<>(processes.get(), key));
  }

  /** Adds a record at an event time, not before that of the record added last. */
  public OperatorHarness at(long timeMs, Object value) {
    return add(OrderKey.ofSource(timeMs, 0, input.size()), value);
  }

  /** Adds a record after all times, as the weights of a training come. */
  public OperatorHarness last(Object value) {
    return add(OrderKey.LAST, value);
  }

  /** Fails unless every mode emits exactly these records, in this order. */
  public void expect(Object... values) {
    List<Object> expected = Arrays.asList(values);
    for (Mode mode : Mode.values()) {
      List<Object> found = run(mode).values();
      if (!found.equals(expected)) {
        throw new AssertionError(mode + ": expected " + expected + ", found " + found);
      }
    }
  }

  /** Drives a new operator from the first record to the end. */
  public Result run(Mode mode) {
    Collector collector = new Collector();
    switch (mode) {
      case STRAIGHT -> runDirect(new DirectDriver(operators, collector, false));
      case RESTORED_AT_EVERY_STEP -> runDirect(new DirectDriver(operators, collector, true));
      case FULL_OUTPUT -> runTask(collector);
    }
    return collector.result();
  }

  private OperatorHarness add(OrderKey key, Object value) {
    if (!input.isEmpty() && key.compareTo(input.getLast().key()) < 0) {
      throw new IllegalArgumentException(
          "records have to be given in the order of their times: " + key.time());
    }
    input.add(new Item(key, value));
    return this;
  }

  private void runDirect(DirectDriver driver) {
    try (driver) {
      input.forEach(driver::process);
      driver.end();
    }
  }

  private void runTask(Collector collector) {
    Channel in = new Channel(CAPACITY);
    Channel out = new Channel(CAPACITY);
    ChainLink link =
        new ChainLink(
            operators.get(),
            collector.context(),
            List.of(new Outbox.Edge(Routing.FIRST, List.of(out))),
            List.of());
    try (OperatorTask task =
        new OperatorTask(
            new TaskId("operator", 0),
            new Inbox(List.of(List.of(in)), List.of()),
            List.of(),
            link,
            new JobSignals(),
            new Reports())) {
      task.open(Optional.empty());
      ArrayDeque<Element> left = new ArrayDeque<>(input);
      left.add(new End());
      int idle = 0;
      for (boolean ended = false; !ended; ) {
        boolean offered = !left.isEmpty() && in.offer(left.peek());
        if (offered) {
          left.poll();
        }
        int work = task.doWork();
        Element taken = out.poll();
        if (taken instanceof Item item) {
          collector.emit(item);
        }
        ended = taken instanceof End;
        idle = offered || work > 0 || taken != null ? 0 : idle + 1;
        if (idle > IDLE_TURNS) {
          throw new AssertionError("the operator takes no input and makes no output any more");
        }
      }
      task.finish();
    }
  }

  /** Takes what is emitted and measured, and refuses what comes out of order. */
  static final class Collector {
    private final List<Item> items = new ArrayList<>();
    private final Map<String, Double> metrics = new TreeMap<>();

    void emit(Item item) {
      if (!items.isEmpty() && item.key().compareTo(items.getLast().key()) <= 0) {
        throw new AssertionError(
            "emitted out of order: " + item + " came after " + items.getLast());
      }
      items.add(item);
    }

    OperatorContext context() {
      return new OperatorContext("operator", 0, 0, 1, metrics::putAll, (_, _) -> {});
    }

    Result result() {
      return new Result(items, metrics);
    }
  }
}
