package io.tidemill.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Element;
import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.Inbox;
import io.tidemill.channel.OrderKey;
import io.tidemill.channel.Outbox;
import io.tidemill.channel.Routing;
import io.tidemill.codec.Codec;
import io.tidemill.codec.Codecs;
import io.tidemill.connector.GeneratedSource;
import io.tidemill.error.EngineException;
import io.tidemill.operator.KeyedOperator;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.operator.Operator;
import io.tidemill.operator.OperatorContext;
import io.tidemill.operator.PassOperator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class TaskTest {
  /** Emits a second record five milliseconds later. */
  static final class Echo extends KeyedProcess<Long, Long, Long> {
    @Override
    public void process(Long key, Long record, Context<Long> context) {
      context.registerTimer(context.timeMs() + 5);
    }

    @Override
    public void onTimer(Long key, long timeMs, Context<Long> context) {
      context.emit(timeMs);
    }
  }

  @Test
  void emitsNothingBehindABarrierThatIsBeforeItsFrontier() {
    Channel in = new Channel(8);
    Channel out = new Channel(8);
    OperatorTask task =
        new OperatorTask(
            new TaskId("echo", 0),
            new Inbox(List.of(List.of(in)), List.of()),
            List.of(longs()),
            link(new KeyedOperator<>(new Echo(), (Long value) -> value), out),
            new JobSignals(),
            new Reports());
    task.open(Optional.empty());
    in.offer(new Item(OrderKey.ofSource(1, 0, 0), 1L));
    in.offer(new Barrier(1, OrderKey.ofSource(100, 0, 1)));
    in.offer(new End());
    while (task.doWork() > 0) {}

    List<Element> found = drain(out);

    OrderKey frontier = OrderKey.MIN;
    for (Element element : found) {
      if (element instanceof Barrier barrier) {
        frontier = barrier.frontier();
      } else if (element instanceof Item item) {
        assertTrue(item.key().compareTo(frontier) >= 0, found.toString());
      }
    }
    assertEquals(3, found.size(), found.toString());
  }

  @Test
  void aSourceReadsOnWhereItsCheckpointWas() {
    Channel out = new Channel(64);
    List<Long> opened = new ArrayList<>();
    JobSignals signals = new JobSignals();
    Reports reports = new Reports();
    SourceTask task = source(out, opened, signals, reports);
    task.open(Optional.empty());
    task.doWork();
    signals.requestCheckpoint(1);
    task.doWork();
    task.close();

    assertEquals(List.of(0L), opened);
    assertEquals(20, task.checkpointedRecords());
    List<Element> found = drain(out);
    assertEquals(
        LongStream.range(0, 20).boxed().toList(),
        found.stream().filter(Item.class::isInstance).map(e -> ((Item) e).value()).toList());
    assertTrue(found.getLast() instanceof Barrier, found.toString());
    assertTrue(reports.receive().orElseThrow() instanceof TaskReport.Complete);
    assertTrue(reports.receive().orElseThrow() instanceof TaskReport.Snapshot);
  }

  @Test
  void reportsWhatWasReadBeforeAFailureFirst() {
    Fetcher fetcher = new InlineFetcher(8, TaskTest::failing);

    assertEquals(5, fetcher.poll().count());
    EngineException failure = assertThrows(EngineException.class, fetcher::poll);

    assertEquals("line 6 is no number", failure.getMessage());
  }

  @Test
  @Timeout(20)
  void aReadingThreadHandsOverAnErrorAndDoesNotJustEnd() {
    try (Fetcher fetcher =
        new ThreadFetcher(
            "t",
            new InlineFetcher(
                8,
                () -> {
                  throw new StackOverflowError("deep");
                }))) {
      EngineException failure =
          assertThrows(
              EngineException.class,
              () -> {
                while (fetcher.poll() == null) {
                  Thread.onSpinWait();
                }
              });

      assertEquals(
          "a source could not be read: java.lang.StackOverflowError: deep", failure.getMessage());
    }
  }

  private static io.tidemill.connector.SplitReader<?> failing() {
    return GeneratedSource.bounded(
            Long.class,
            index -> {
              if (index == 5) {
                throw new EngineException(
                    io.tidemill.error.ErrorCode.INVALID_DATA, "line 6 is no number");
              }
              return index;
            },
            10)
        .open("0", 0);
  }

  private static SourceTask source(
      Channel out, List<Long> opened, JobSignals signals, Reports reports) {
    return new SourceTask(
        new TaskId("numbers", 0),
        "0",
        0,
        Optional.empty(),
        longs(),
        offset -> {
          opened.add(offset);
          return new InlineFetcher(
              8, () -> GeneratedSource.bounded(Long.class, index -> index, 20).open("0", offset));
        },
        link(new PassOperator(), out),
        signals,
        reports);
  }

  private static ChainLink link(Operator operator, Channel out) {
    return new ChainLink(
        operator,
        new OperatorContext("numbers", 0, 0, 1, (Map<String, Double> _) -> {}, (_, _) -> {}),
        List.of(new Outbox.Edge(Routing.FIRST, List.of(out))),
        List.of());
  }

  private static List<Element> drain(Channel channel) {
    List<Element> elements = new ArrayList<>();
    for (Element element = channel.poll(); element != null; element = channel.poll()) {
      elements.add(element);
    }
    return elements;
  }

  @SuppressWarnings("unchecked") // the records are numbers
  private static Codec<Object> longs() {
    return (Codec<Object>) (Codec<?>) Codecs.of(Long.class);
  }
}
