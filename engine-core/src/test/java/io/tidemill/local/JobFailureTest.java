package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.EventTime;
import io.tidemill.connector.GeneratedSource;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.dsl.SourceStream;
import io.tidemill.dsl.Stream;
import io.tidemill.error.EngineException;
import io.tidemill.metric.Accuracy;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.network.Standardize;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.train.Encoding;
import io.tidemill.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a user can do wrong, each with one clear sentence; and a disk that is full. */
@Timeout(120)
class JobFailureTest {
  record Point(long ms, float x, int group) {}

  record Odd(Point point, Set<String> tags) {}

  @TempDir Path state;

  @Test
  void namesALateRecord() {
    assertFails(
        "late record in points 0: offset=3 is 7 ms earlier than a record before it, the bound is 2"
            + " ms; sort the input, raise the bound of eventTime, or drop late records",
        (p, params) ->
            train(
                points(p, i -> new Point(i == 3 ? -5 : i, 1, 0), 10)
                    .eventTime(e -> Instant.ofEpochMilli(e.ms()), Duration.ofMillis(2))));
  }

  @Test
  void dropsLateRecordsWhereThePipelineSaysSo() {
    JobReport report =
        run(
            (p, params) ->
                train(
                    points(p, i -> new Point(i == 3 ? -5 : i, 1, 0), 10)
                        .eventTime(
                            e -> Instant.ofEpochMilli(e.ms()),
                            Duration.ofMillis(2),
                            EventTime.Late.DROP)));

    assertEquals(9, report.samples());
  }

  @Test
  void namesOperatorAndRecordOfAnExceptionInAUsersFunction() {
    assertFails(
        "operator half failed at the record of split=0 offset=4: java.lang.ArithmeticException: /"
            + " by zero",
        (p, params) -> train(points(p, 10).map("half", e -> new Point(1 / (4 - e.ms()), 0, 0))));
  }

  @Test
  void namesTheOperatorOfAnExceptionInATimer() {
    assertFails(
        "operator fragile failed in a timer: java.lang.IllegalStateException: boom",
        (p, params) ->
            train(
                points(p, 10)
                    .eventTime(e -> Instant.ofEpochMilli(e.ms()), Duration.ZERO)
                    .keyBy("by-group", Point::group)
                    .process("fragile", Fragile::new)));
  }

  @Test
  void namesTheRecordWhoseEventTimeFails() {
    assertFails(
        "the event time of points 0 failed at the record of offset=0:"
            + " java.lang.IllegalStateException: no time",
        (p, params) ->
            train(
                points(p, 10)
                    .eventTime(
                        e -> {
                          throw new IllegalStateException("no time");
                        },
                        Duration.ZERO)));
  }

  @Test
  void stopsAtALossThatIsNotANumber() {
    assertFails(
        "the loss is NaN at step=1 shard=0: input features holds NaN; lower the learning rate, or"
            + " look for NaN and infinities in the features",
        (p, params) -> train(points(p, i -> new Point(i, Float.NaN, 0), 10)));
  }

  @Test
  void refusesATrainingWithoutSamples() {
    assertFails(
        "training net got no sample: its stream ended before the first record; look at the source"
            + " and at the filters before it",
        (p, params) -> train(points(p, 10).filter("none", e -> false)));
  }

  @Test
  void refusesALabelOutOfRange() {
    assertFails(
        "loss: label out of range: expected a class from 0 to 1, found 2 at step=1 shard=0",
        (p, params) -> train(points(p, i -> new Point(i, 1, 2), 10)));
  }

  @Test
  void refusesAnOperatorIdThatIsUsedTwice() {
    assertFails(
        "operator id points is used twice in the pipeline",
        (p, params) -> points(p, 1).filter("points", e -> true));
  }

  @Test
  void refusesARecordWithoutCodecAndNamesTheField() {
    EngineException failure =
        failure((p, params) -> points(p, 1).map("odd", e -> new Odd(e, Set.of())));

    assertTrue(failure.getMessage().startsWith("operator odd"), failure.getMessage());
    assertTrue(failure.getMessage().contains("tags"), failure.getMessage());
  }

  @Test
  void refusesEventTimeThatComesTooLate() {
    assertFails(
        "eventTime of source points comes too late: give it before any other operator uses the"
            + " stream",
        (p, params) -> {
          SourceStream<Point> points = points(p, 1);
          points.filter("all", e -> true);
          points.eventTime(e -> Instant.EPOCH, Duration.ZERO);
        });
  }

  @Test
  void takesEventTimeAfterAnotherSourceWasAdded() {
    Pipeline p = new Pipeline(new Params(Map.of(), 1));
    SourceStream<Point> points = points(p, 1);
    p.source("others", GeneratedSource.bounded(Point.class, i -> new Point(i, 0, 0), 1));

    points.eventTime(e -> Instant.EPOCH, Duration.ZERO);

    assertTrue(p.graph().describe().startsWith("points: source of "), p.graph().describe());
  }

  @Test
  void refusesToEvaluateAStreamWithoutEnd() {
    assertFails(
        "evaluate test needs a stream that ends; bound its source",
        (p, params) -> {
          Stream<Point> endless =
              p.source("endless", GeneratedSource.unbounded(Point.class, i -> new Point(i, 0, 0)));
          endless
              .train("net", training().steps(2))
              .evaluate("test", endless, new Accuracy<>("accuracy", Point::group));
        });
  }

  @Test
  void refusesAProcessWithKeysOfAnotherType() {
    assertFails(
        "process fragile has keys of another type than keyBy by-time: expected java.lang.Long,"
            + " found java.lang.Integer",
        (p, params) -> {
          @SuppressWarnings({"unchecked", "rawtypes"}) // as Java code without type arguments does
          KeyedProcess<Long, Point, Point> wrong = (KeyedProcess) new Fragile();
          points(p, 1).keyBy("by-time", Point::ms).process("fragile", () -> wrong);
        });
  }

  @Test
  void endsAnEndlessSourceWhenTheStepsAreDone() {
    JobReport report =
        run(
            (p, params) -> {
              Stream<Point> endless =
                  p.source(
                      "endless",
                      GeneratedSource.unbounded(
                          Point.class, i -> new Point(i, i % 5 - 2, (int) (i % 2))));
              endless.map("nobody-reads-this", e -> e);
              Network network = Network.sequential(Standardize.of(1), Dense.of(1, 2));
              endless.train("net", training(network).steps(7));
            });

    assertEquals(7, report.steps());
    assertEquals(7 * 8, report.samples());
  }

  @Test
  void aFullDiskCostsACheckpointAndNotTheJob() throws Exception {
    boolean mounted = exec("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", state.toString());
    if (!mounted) {
      System.out.println("skipped: a full disk needs the right to mount a tmpfs");
    }
    Assumptions.assumeTrue(mounted, "needs the right to mount a tmpfs");
    try {
      fillTheDisk();
    } finally {
      assertTrue(exec("umount", state.toString()));
    }
  }

  private void fillTheDisk() throws IOException {
    PipelineDefinition pipeline =
        (p, params) -> train(points(p, i -> new Point(i, i % 5 - 2, (int) (i % 2)), 400));
    JobOptions options = options().withCheckpointEvery(10);
    Path filler = state.resolve("filler");
    Notices notices = new Notices();
    try (Device device = Devices.open("cpu")) {
      EngineException failure;
      try (SimulatedJob job = job(pipeline, options, device, notices)) {
        Path checkpoints = state.resolve("jobs/job/checkpoints");
        while (!Files.exists(checkpoints.resolve("1/manifest.json"))) {
          assertTrue(job.turn());
        }
        fill(filler);
        failure = assertThrows(EngineException.class, job::run);
      }

      assertTrue(failure.getMessage().contains("No space left on device"), failure.getMessage());
      assertTrue(
          notices.sentences().stream().anyMatch(notice -> notice.endsWith("; the job goes on")),
          notices.sentences().toString());
      Files.delete(filler);
      try (SimulatedJob job = job(pipeline, options.withResume(true), device, JobListener.NONE)) {
        assertEquals(400, job.run().samples());
      }
    }
  }

  /** Takes what is left, to the last page. */
  private static void fill(Path filler) throws IOException {
    byte[] page = new byte[4096];
    try (var out = Files.newOutputStream(filler)) {
      while (true) {
        out.write(page);
      }
    } catch (IOException e) {
      assertTrue(e.getMessage().contains("No space left"), e.getMessage());
    }
  }

  static final class Fragile extends KeyedProcess<Integer, Point, Point> {
    @Override
    public void process(Integer group, Point point, Context<Point> context) {
      context.registerTimer(point.ms() + 3);
    }

    @Override
    public void onTimer(Integer group, long timeMs, Context<Point> context) {
      throw new IllegalStateException("boom");
    }
  }

  private static SourceStream<Point> points(Pipeline p, long count) {
    return points(p, i -> new Point(i, i, 0), count);
  }

  private static SourceStream<Point> points(
      Pipeline p, java.util.function.LongFunction<Point> generator, long count) {
    return p.source("points", GeneratedSource.bounded(Point.class, generator, count));
  }

  private static void train(Stream<Point> points) {
    points.train("net", training());
  }

  private static Training<Point> training() {
    return training(Network.sequential(Dense.of(1, 2)));
  }

  private static Training<Point> training(Network network) {
    return Training.of(network, Encoding.ofFloats(1, p -> new float[] {p.x()}, Point::group))
        .globalBatch(8)
        .shards(2);
  }

  private void assertFails(String sentence, PipelineDefinition pipeline) {
    assertEquals(sentence, failure(pipeline).getMessage());
  }

  private EngineException failure(PipelineDefinition pipeline) {
    return assertThrows(EngineException.class, () -> run(pipeline));
  }

  private JobReport run(PipelineDefinition pipeline) {
    try (Device device = Devices.open("cpu");
        SimulatedJob job = job(pipeline, options(), device, JobListener.NONE)) {
      return job.run();
    }
  }

  private JobOptions options() {
    return JobOptions.of("job", "test", state).withThreads(2).withCheckpointEvery(0);
  }

  private static SimulatedJob job(
      PipelineDefinition pipeline, JobOptions options, Device device, JobListener listener) {
    return new SimulatedJob(pipeline, new Params(Map.of(), 1), options, device, 3, 16, listener);
  }

  private static boolean exec(String... command) throws InterruptedException {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false; // There is no such command here.
    }
  }
}
