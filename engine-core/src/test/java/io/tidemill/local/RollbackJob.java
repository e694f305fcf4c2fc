package io.tidemill.local;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.train.Encoding;
import io.tidemill.train.Training;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A process of 250 steps, some of which meet a sample that is no number and go back to a
 * checkpoint; takes up what an earlier one left, and says at the end what it came to.
 */
final class RollbackJob {
  static final String NAME = "points";

  record Point(float x, int group) {}

  private RollbackJob() {}

  /** The state directory and the number of workers. */
  public static void main(String[] arguments) {
    JobReport report = run(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    System.out.println(report.weightsSha256().orElseThrow() + " " + report.skippedSteps());
  }

  static JobReport run(Path state, int workers) {
    JobOptions options =
        JobOptions.of(NAME, NAME, state)
            .withWorkers(workers)
            .withThreads(1)
            .withCheckpointEvery(4)
            .withResume(Files.exists(state.resolve("jobs").resolve(NAME)));
    Params params = new Params(Map.of("nonfinite", "rollback"), 1);
    return LocalJob.define(RollbackJob::define, params, options).run(JobListener.NONE);
  }

  private static void define(Pipeline p, Params params) {
    p.source("points", GeneratedSource.bounded(Point.class, RollbackJob::point, 2000))
        .train(
            "net",
            Training.of(
                    Network.sequential(Dense.of(1, 2)),
                    Encoding.<Point>ofFloats(1, e -> new float[] {e.x()}, Point::group))
                .globalBatch(16)
                .shards(4)
                .epochs(2)
                .shuffle());
  }

  private static Point point(long index) {
    float x = index % 1000 == 123 ? Float.NaN : (index * 37 % 101) / 50f - 1;
    return new Point(x, x > 0 ? 1 : 0);
  }
}
