package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.dsl.Model;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.dsl.Stream;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.BlobsPipeline.Enriched;
import io.tidemill.local.BlobsPipeline.Reading;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.state.MapState;
import io.tidemill.state.ValueState;
import io.tidemill.train.Encoding;
import io.tidemill.train.Training;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureEndpointTest {
  /** A record to which all of the earlier ones have come through: two batches of the fetcher. */
  private static final int GATE = 512;

  private static final int RECORDS = 768;
  private static final long DEADLINE_NS = 60_000_000_000L;

  @TempDir Path state;

  /** What a group has done, of what its devices have. */
  public record Feature(Enriched reading, long before, long seconds) {
    float[] row() {
      return new float[] {reading.x(), reading.mean(), reading.timers(), before, seconds};
    }
  }

  static final class GroupHistory extends KeyedProcess<Integer, Enriched, Feature> {
    private final ValueState<Long> count = value("count", Long.class);
    private final MapState<Long, Long> seconds = map("seconds", Long.class, Long.class);

    @Override
    public void process(Integer group, Enriched reading, Context<Feature> context) {
      long before = count.orElse(0L);
      count.set(before + 1);
      seconds.put(reading.second() % 50, reading.second());
      context.emit(new Feature(reading, before, seconds.size()));
    }
  }

  /** One reading a second, and the one of {@code GATE} only when the test says so. */
  private static final class Devices implements PipelineDefinition {
    private final int records;
    private final CountDownLatch gate = new CountDownLatch(1);
    private final List<Feature> seen = new CopyOnWriteArrayList<>();

    Devices(int records) {
      this.records = records;
    }

    static Reading reading(long index) {
      Reading blob = BlobsPipeline.reading(index);
      return new Reading(index, (int) (index % 8), blob.group(), blob.x(), blob.y());
    }

    /** Tasks are in no order among each other. */
    Feature featureOf(long second) {
      return seen.stream().filter(f -> f.reading().second() == second).findFirst().orElseThrow();
    }

    private Reading waited(long index) {
      try {
        if (index == GATE) {
          gate.await();
        }
        return reading(index);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void define(Pipeline p, Params params) {
      Stream<Feature> features =
          p.source("readings", GeneratedSource.bounded(Reading.class, this::waited, records))
              .eventTime(r -> Instant.ofEpochSecond(r.second()), Duration.ZERO)
              .filter("known", r -> r.device() >= 0)
              .keyBy("by-device", Reading::device)
              .process("mean", BlobsPipeline.RunningMean::new)
              .keyBy("by-group", Enriched::group)
              .process("history", GroupHistory::new);
      Training<Feature> training =
          Training.of(
                  Network.sequential(Dense.of(5, 3)),
                  Encoding.ofFloats(5, Feature::row, f -> f.reading().group()))
              .globalBatch(64);
      Model<Feature> model =
          features
              .map(
                  "seen",
                  Feature.class,
                  feature -> {
                    seen.add(feature);
                    return feature;
                  })
              .train("model", training);
      features.endpoint("groups", model);
      model.publish("publish", "groups", List.of());
    }
  }

  @Test
  void hasTheFeaturesThatTrainingWillHaveAndChangesNothing() throws Exception {
    String undisturbed;
    Devices alone = new Devices(RECORDS);
    alone.gate.countDown();
    undisturbed = run(job("alone", alone)).weightsSha256().orElseThrow();

    for (int threads = 1; threads <= 3; threads++) {
      Devices devices = new Devices(RECORDS);
      LocalJob job = job("asked-" + threads, devices, threads);
      CompletableFuture<JobReport> running = CompletableFuture.supplyAsync(() -> run(job));
      await(devices.seen, GATE);
      FeatureEndpoint endpoint = job.endpoint("groups");
      for (int far = GATE + 20; far > GATE; far--) {
        endpoint.features(Devices.reading(far)).join();
      }

      Object asked = endpoint.features(Devices.reading(GATE)).join();

      assertEquals(asked, endpoint.features(Devices.reading(GATE)).join());
      devices.gate.countDown();
      JobReport report = running.join();
      assertEquals(devices.featureOf(GATE), asked);
      assertTrue(((Feature) asked).reading().timers() > 0, "a timer was due before it");
      assertEquals(undisturbed, report.weightsSha256().orElseThrow());
      assertTrue(Set.copyOf(alone.seen).equals(Set.copyOf(devices.seen)), "other features");
    }
  }

  @Test
  void answersWithTheStateAtTheEndWhenTheJobHasEnded() {
    Devices longer = new Devices(RECORDS + 1);
    longer.gate.countDown();
    run(job("longer", longer));
    Devices devices = new Devices(RECORDS);
    devices.gate.countDown();
    LocalJob job = job("ended", devices);
    run(job);

    FeatureEndpoint endpoint = job.endpoint("groups");
    Feature asked = (Feature) endpoint.features(Devices.reading(RECORDS)).join();

    assertEquals(longer.featureOf(RECORDS), asked);
    assertEquals(Reading.class, endpoint.recordType());
    assertEquals("groups", endpoint.model());
    List<Object> two = List.of(longer.featureOf(0), asked);
    float[] rows = endpoint.rows(two).toArray(ValueLayout.JAVA_FLOAT);
    assertEquals(10, rows.length);
    assertEquals((float) asked.before(), rows[8]);
    assertNotEquals(rows[3], rows[8]);
  }

  @Test
  void saysWhatIsWrongWithARecordAndGoesOn() {
    Devices devices = new Devices(RECORDS);
    devices.gate.countDown();
    LocalJob job = job("wrong", devices);
    EngineException early = assertThrows(EngineException.class, () -> job.endpoint("groups"));
    assertEquals("job wrong has not begun yet", early.getMessage());
    run(job);
    FeatureEndpoint endpoint = job.endpoint("groups");

    CompletionException dropped =
        assertThrows(
            CompletionException.class,
            () -> endpoint.features(new Reading(900, -1, 0, 1, 1)).join());

    assertEquals(
        "endpoint groups: expected features of one record for one record, found 0: the operators"
            + " drop it",
        dropped.getCause().getMessage());
    EngineException unknown = assertThrows(EngineException.class, () -> job.endpoint("group"));
    assertEquals(ErrorCode.NOT_FOUND, unknown.code());
    assertEquals("job wrong has no endpoint group; it has [groups]", unknown.getMessage());
    assertTrue(endpoint.features(Devices.reading(900)).join() instanceof Feature);
  }

  @Test
  void refusesAnEndpointWhoseModelIsNotPublished() {
    PipelineDefinition unpublished =
        (p, _) -> {
          Stream<Reading> readings =
              p.source("readings", GeneratedSource.bounded(Reading.class, Devices::reading, 64));
          readings.endpoint("answers", readings.train("model", training()));
        };
    EngineException e = assertThrows(EngineException.class, () -> job("none", unpublished));
    assertEquals(
        "endpoint answers: its model model is not published; add .publish(...) to it",
        e.getMessage());
  }

  @Test
  void refusesAnEndpointOfTwoSources() {
    PipelineDefinition joined =
        (p, _) -> {
          Stream<Reading> one =
              p.source("one", GeneratedSource.bounded(Reading.class, Devices::reading, 64));
          Stream<Reading> two =
              p.source("two", GeneratedSource.bounded(Reading.class, Devices::reading, 64));
          Stream<Reading> both = one.union("both", two);
          Model<Reading> model = both.train("model", training());
          both.endpoint("answers", model);
          model.publish("publish", "answers", List.of());
        };
    EngineException e = assertThrows(EngineException.class, () -> job("two", joined));
    assertEquals(
        "endpoint answers: expected a stream that comes of one source, found that both joins 2",
        e.getMessage());
  }

  private static Training<Reading> training() {
    return Training.of(
            Network.sequential(Dense.of(1, 3)),
            Encoding.<Reading>ofFloats(1, r -> new float[] {r.x()}, Reading::group))
        .globalBatch(64);
  }

  private LocalJob job(String name, PipelineDefinition definition) {
    return job(name, definition, 2);
  }

  private LocalJob job(String name, PipelineDefinition definition, int threads) {
    return LocalJob.define(
        definition,
        new Params(Map.of(), 1),
        JobOptions.of(name, "devices", state).withThreads(threads));
  }

  private static JobReport run(LocalJob job) {
    return job.run(JobListener.NONE);
  }

  private static void await(List<Feature> seen, int count) {
    long startedNs = System.nanoTime();
    while (seen.size() < count) {
      assertTrue(System.nanoTime() - startedNs < DEADLINE_NS, "seen " + seen.size());
      Thread.onSpinWait();
    }
  }
}
