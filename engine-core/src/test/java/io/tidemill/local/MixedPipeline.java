package io.tidemill.local;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.connector.csv.CsvSink;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.dsl.Stream;
import io.tidemill.metric.Accuracy;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.network.Standardize;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.program.Optimizer;
import io.tidemill.state.ValueState;
import io.tidemill.train.Encoding;
import io.tidemill.train.Schedule;
import io.tidemill.train.Training;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The order of records is all that matters here: ways part and meet again, timers emit, and the
 * training takes the stream as it comes.
 *
 * <p>Parameters: {@code records}, {@code epochs}, {@code shards}, {@code bad} (when to fail),
 * {@code rows} (a CSV file for what is trained on).
 */
final class MixedPipeline implements PipelineDefinition {
  record Event(long ms, int device, int group, float x, float y) {}

  /** Numbers the events of a device, and emits one more for each when ten milliseconds are over. */
  static final class Echo extends KeyedProcess<Integer, Event, Event> {
    private final ValueState<Long> count = value("count", Long.class);
    private final long badMs;

    Echo() {
      this(-1);
    }

    /** One that fails at this time. */
    Echo(long badMs) {
      this.badMs = badMs;
    }

    @Override
    public void process(Integer device, Event event, Context<Event> context) {
      if (event.ms() == badMs) {
        throw new IllegalStateException("bad event at " + badMs);
      }
      count.set(count.orElse(0L) + 1);
      context.registerTimer(context.timeMs() + 10);
      context.emit(
          new Event(event.ms(), device, event.group(), event.x(), event.y() + count.orElse(0L)));
    }

    @Override
    public void onTimer(Integer device, long timeMs, Context<Event> context) {
      context.emit(new Event(timeMs, device, 2, 3, count.orElse(0L)));
      context.emit(new Event(timeMs, device, 2, 4, count.orElse(0L)));
    }
  }

  @Override
  public void define(Pipeline p, Params params) {
    int records = params.integer("records", 120, 0);
    long badMs = params.whole("bad", -1, -1);
    Stream<Event> events =
        p.source(
                "events",
                GeneratedSource.bounded(Event.class, MixedPipeline::event, records).withSplits(3))
            .eventTime(e -> Instant.ofEpochMilli(e.ms()), Duration.ofMillis(3));
    Stream<Event> first =
        events.keyBy("by-device", Event::device).process("echo", () -> new Echo(badMs));
    Stream<Event> second =
        first.keyBy("by-group", Event::group).process("echo-of-echo", EchoOfGroup::new);
    Stream<Event> both =
        second
            .filter("early", e -> e.device() % 2 == 0)
            .union("both", second.flatMap("copies", Event.class, MixedPipeline::copies))
            .flatMap("more-copies", Event.class, MixedPipeline::copies);
    Optional<Path> rows = params.path("rows");
    if (rows.isPresent()) {
      both.sink("rows", sink(rows.get()));
    }
    Network network =
        Network.sequential(Standardize.of(2), Dense.of(2, 6), Relu.of(), Dense.of(6, 3));
    both.train(
            "net",
            Training.of(
                    network, Encoding.ofFloats(2, e -> new float[] {e.x(), e.y()}, Event::group))
                .optimizer(Optimizer.Adam.of(1e-2f))
                .schedule(Schedule.linear())
                .globalBatch(32)
                .shards(params.integer("shards", 4, 1))
                .epochs(params.integer("epochs", 1, 1)))
        .evaluate("test", first, new Accuracy<>("accuracy", Event::group))
        .publish("publish", "net", List.of());
  }

  static CsvSink<Event> sink(Path file) {
    return CsvSink.of(
        file,
        List.of("ms", "device", "group", "x", "y"),
        (e, line) ->
            line.add(e.ms()).add((long) e.device()).add((long) e.group()).add(e.x()).add(e.y()));
  }

  /** As {@link Echo}, over the groups: its timers fall on those of the first. */
  static final class EchoOfGroup extends KeyedProcess<Integer, Event, Event> {
    private final ValueState<Float> sum = value("sum", Float.class);

    @Override
    public void process(Integer group, Event event, Context<Event> context) {
      sum.set(sum.orElse(0f) * 0.5f + event.x());
      context.registerTimer(context.timeMs() + 10);
      context.emit(new Event(event.ms(), event.device(), group, sum.orElse(0f), event.y()));
    }

    @Override
    public void onTimer(Integer group, long timeMs, Context<Event> context) {
      context.emit(new Event(timeMs, 0, group, sum.orElse(0f), -1));
    }
  }

  private static Iterable<Event> copies(Event event) {
    return IntStream.range(0, Math.abs(event.device()) % 3)
        .mapToObj(
            i -> new Event(event.ms(), event.device() + i, event.group(), event.x() + i, event.y()))
        .toList();
  }

  private static Event event(long index) {
    long h = (index + 1) * 0x9e3779b97f4a7c15L;
    h ^= h >>> 29;
    h *= 0xbf58476d1ce4e5b9L;
    h ^= h >>> 32;
    int group = (int) Math.floorMod(h, 3L);
    return new Event(
        index / 2 + Math.floorMod(h >>> 8, 4L) / 2,
        (int) Math.floorMod(h >>> 16, 7L),
        group,
        group + (h >>> 24 & 255) / 200f,
        (h >>> 32 & 255) / 200f);
  }
}
