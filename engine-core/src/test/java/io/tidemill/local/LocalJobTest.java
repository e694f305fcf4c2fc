package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.dsl.Params;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalJobTest {
  @TempDir Path state;

  @Test
  void trainsEvaluatesAndPublishes() {
    JobReport report = run(JobOptions.of("blobs", "blobs", state));

    assertEquals(6000.0, (double) report.samples(), 200.0);
    assertTrue(report.metrics().get("testAccuracy") > 0.9, report.toString());
    assertEquals(1, report.model().orElseThrow().version());
  }

  @Test
  void givesTheSameBitsOnAnyNumberOfWorkersAndThreads() {
    String expected =
        run(JobOptions.of("one", "blobs", state).withThreads(1)).weightsSha256().orElseThrow();

    for (int workers = 1; workers <= 3; workers++) {
      for (int threads = 1; threads <= 4; threads++) {
        JobOptions options =
            JobOptions.of("w" + workers + "-t" + threads, "blobs", state)
                .withWorkers(workers)
                .withThreads(threads)
                .withCheckpointEvery(10);
        assertEquals(expected, run(options).weightsSha256().orElseThrow(), options.toString());
      }
    }
  }

  private static JobReport run(JobOptions options) {
    return LocalJob.define(new BlobsPipeline(), new Params(Map.of(), 1), options)
        .run(JobListener.NONE);
  }
}
