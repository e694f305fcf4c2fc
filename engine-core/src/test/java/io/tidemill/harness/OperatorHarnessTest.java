package io.tidemill.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.codec.Codec;
import io.tidemill.codec.Codecs;
import io.tidemill.connector.csv.CsvSink;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.harness.OperatorHarness.Mode;
import io.tidemill.metric.Accuracy;
import io.tidemill.metric.MeanLoss;
import io.tidemill.metric.Perplexity;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.operator.Operator;
import io.tidemill.operator.Output;
import io.tidemill.operator.PassOperator;
import io.tidemill.operator.SinkOperator;
import io.tidemill.state.ListState;
import io.tidemill.state.MapState;
import io.tidemill.state.ValueState;
import io.tidemill.train.Encoding;
import io.tidemill.train.Evaluator;
import io.tidemill.train.TrainedWeights;
import io.tidemill.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperatorHarnessTest {
  record Click(String user, int page) {}

  record Example(float x, int group) {}

  /** Value, list and map state at once: count, the last two pages, visits of this page. */
  static final class Visits extends KeyedProcess<String, Click, String> {
    private final ValueState<Long> count = value("count", Long.class);
    private final ListState<Integer> recent = list("recent", Integer.class);
    private final MapState<Integer, Long> pages = map("pages", Integer.class, Long.class);

    @Override
    public void process(String user, Click click, Context<String> context) {
      count.set(count.orElse(0L) + 1);
      recent.add(click.page());
      if (recent.size() > 2) {
        recent.removeFirst();
      }
      pages.put(click.page(), pages.get(click.page()).orElse(0L) + 1);
      context.emit(
          user + count.orElse(0L) + ":" + recent.get(0) + "x" + pages.get(click.page()).orElse(0L));
    }
  }

  /** Says after ten milliseconds of silence how many clicks there were. */
  static final class Sessions extends KeyedProcess<String, Click, String> {
    private final ValueState<Long> clicks = value("clicks", Long.class);
    private final ValueState<Long> until = value("until", Long.class);

    @Override
    public void process(String user, Click click, Context<String> context) {
      if (until.isPresent()) {
        context.deleteTimer(until.orElse(0L));
      }
      until.set(context.timeMs() + 10);
      clicks.set(clicks.orElse(0L) + 1);
      context.registerTimer(context.timeMs() + 10);
    }

    @Override
    public void onTimer(String user, long timeMs, Context<String> context) {
      context.emit(user + "@" + timeMs + "=" + clicks.orElse(0L));
      clicks.clear();
      until.clear();
    }
  }

  /** Fires again for the time at which it fires, twice, and emits two records each time. */
  static final class Repeats extends KeyedProcess<String, Click, String> {
    private final ValueState<Long> fired = value("fired", Long.class);

    @Override
    public void process(String user, Click click, Context<String> context) {
      context.registerTimer(context.timeMs());
    }

    @Override
    public void onTimer(String user, long timeMs, Context<String> context) {
      long times = fired.orElse(0L) + 1;
      fired.set(times);
      context.emit(user + times + "a");
      context.emit(user + times + "b");
      if (times < 3) {
        context.registerTimer(timeMs);
      }
    }
  }

  @TempDir Path folder;

  @Test
  void mapsOneAndMany() {
    OperatorHarness.map((Integer x) -> x + 1).at(0, 41).expect(42);
    numbers(OperatorHarness.map((Integer x) -> x * x), 20)
        .expect(IntStream.range(0, 20).mapToObj(x -> x * x).toArray());
    OperatorHarness.map((Integer x) -> x).expect();
  }

  @Test
  void filters() {
    numbers(OperatorHarness.filter((Integer x) -> x % 3 == 0), 10).expect(0, 3, 6, 9);
  }

  @Test
  void flatMapsToNoneOneAndMoreThanAChannelHolds() {
    numbers(OperatorHarness.flatMap((Integer x) -> java.util.Collections.nCopies(x * 3, x)), 4)
        .expect(1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3);
  }

  @Test
  void passesAUnionOn() {
    numbers(OperatorHarness.of(PassOperator::new), 5).expect(0, 1, 2, 3, 4);
  }

  @Test
  void keepsValueListAndMapStatePerKey() {
    OperatorHarness.process(Visits::new, Click::user)
        .at(1, new Click("a", 7))
        .at(1, new Click("b", 7))
        .at(2, new Click("a", 8))
        .at(3, new Click("a", 7))
        .expect("a1:7x1", "b1:7x1", "a2:7x1", "a3:8x2");
  }

  @Test
  void firesTimersInTheOrderOfEventTime() {
    OperatorHarness.process(Sessions::new, Click::user)
        .at(0, new Click("a", 1))
        .at(4, new Click("b", 1))
        .at(5, new Click("a", 1))
        .at(14, new Click("c", 1))
        .at(15, new Click("a", 1))
        .expect("b@14=1", "c@24=1", "a@25=3");
  }

  @Test
  void keepsTheOrderOfATimerThatIsRegisteredAgainForItsOwnTime() {
    OperatorHarness.process(Repeats::new, Click::user)
        .at(5, new Click("a", 1))
        .expect("a1a", "a1b", "a2a", "a2b", "a3a", "a3b");
  }

  @Test
  void writesAFileTheSameInEveryMode() throws IOException {
    for (Mode mode : Mode.values()) {
      Path file = folder.resolve(mode + ".csv");
      CsvSink<Integer> sink = CsvSink.of(file, List.of("n"), (n, line) -> line.add((long) n));

      OperatorHarness.Result result =
          numbers(OperatorHarness.of(() -> new SinkOperator<>(sink)), 3).run(mode);

      assertEquals(List.of(), result.values());
      assertEquals("n\n0\n1\n2\n", Files.readString(file), mode.toString());
    }
  }

  @Test
  void measuresTheLossOfEachExampleForItself() {
    Network network = Network.sequential(Dense.of(1, 2));
    Training<Example> training =
        Training.of(
            network, Encoding.<Example>ofFloats(1, e -> new float[] {e.x()}, Example::group));
    float[] arena = new float[(int) network.layout().floats()];
    arena[1] = 1;
    try (Device device = Devices.open("cpu")) {
      OperatorHarness harness =
          OperatorHarness.of(
              () ->
                  new Evaluator<>(
                      training, List.of(MeanLoss.of(), Perplexity.of()), exampleCodec(), device));
      double losses = 0;
      for (int i = 0; i < 20; i++) {
        float x = i / 10f - 1;
        harness.at(i, new Example(x, 1)); // logits 0 and x
        losses += Math.log(1 + Math.exp(-x));
      }
      harness.last(new TrainedWeights(7, arena));

      for (Mode mode : Mode.values()) {
        Map<String, Double> metrics = harness.run(mode).metrics();
        assertEquals(losses / 20, metrics.get("validationLoss"), 1e-6, mode.toString());
        assertEquals(Math.exp(losses / 20), metrics.get("perplexity"), 1e-6, mode.toString());
      }
    }
  }

  @Test
  void measuresTheSameInEveryMode() {
    Network network = Network.sequential(Dense.of(1, 2));
    Training<Example> training =
        Training.of(network, Encoding.ofFloats(1, e -> new float[] {e.x()}, Example::group));
    // Class 1 wins where x > 0: the weights of the two outputs are -1 and 1, the biases 0.
    float[] arena = new float[(int) network.layout().floats()];
    int weights = (int) network.layout().entries().getFirst().offset();
    arena[weights] = -1;
    arena[weights + 1] = 1;
    try (Device device = Devices.open("cpu")) {
      OperatorHarness harness =
          OperatorHarness.of(
              () ->
                  new Evaluator<>(
                      training,
                      List.of(new Accuracy<>("accuracy", Example::group)),
                      exampleCodec(),
                      device));
      for (int i = 0; i < 200; i++) {
        harness.at(i, new Example(i % 2 == 0 ? -1 : 1, i % 2 == 0 || i >= 150 ? 0 : 1));
      }
      harness.last(new TrainedWeights(7, arena));

      for (Mode mode : Mode.values()) {
        assertEquals(175.0 / 200, harness.run(mode).metrics().get("accuracy"), mode.toString());
      }
    }
  }

  @Test
  void namesTheModeThatDiffers() {
    AssertionError failed =
        assertThrows(
            AssertionError.class,
            () -> numbers(OperatorHarness.of(Forgetful::new), 3).expect(1, 2, 3));

    assertEquals(
        "RESTORED_AT_EVERY_STEP: expected [1, 2, 3], found [1, 1, 1]", failed.getMessage());
  }

  @Test
  void refusesWhatIsEmittedOutOfOrder() {
    AssertionError failed =
        assertThrows(
            AssertionError.class,
            () -> numbers(OperatorHarness.of(BackInTime::new), 2).run(Mode.FULL_OUTPUT));

    assertTrue(failed.getMessage().startsWith("emitted out of order: "), failed.getMessage());
  }

  private static final class Forgetful implements Operator {
    private int count;

    @Override
    public void process(Item item, Output out) {
      out.emit(new Item(item.key(), ++count));
    }
  }

  private static final class BackInTime implements Operator {
    @Override
    public void process(Item item, Output out) {
      out.emit(new Item(OrderKey.ofSource(-item.key().time(), 0, 0), item.value()));
    }
  }

  @SuppressWarnings("unchecked") // the evaluator's records are examples
  private static Codec<Object> exampleCodec() {
    return (Codec<Object>) (Codec<?>) Codecs.of(Example.class);
  }

  private static OperatorHarness numbers(OperatorHarness harness, int count) {
    for (int i = 0; i < count; i++) {
      harness.at(i, i);
    }
    return harness;
  }
}
