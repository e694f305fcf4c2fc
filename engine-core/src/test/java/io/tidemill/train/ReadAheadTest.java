package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.device.Execution;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log that memory is taken not to hold; its rows fill a page each, or more. */
final class ReadAheadTest {
  private static final int WIDTH = 4096;
  private static final int SAMPLES = 64;
  private static final int BATCH = 8;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Training<Integer> TRAINING =
      Training.of(
              Network.sequential(Dense.of(WIDTH, 2)),
              Encoding.<Integer>ofFloats(WIDTH, ReadAheadTest::row, _ -> 0))
          .globalBatch(BATCH)
          .shards(1)
          .shuffle();

  @TempDir Path folder;

  @Test
  void fillingAStepBringsTheRowsOfTheNextIntoMemory() throws Exception {
    try (SampleLog log = log(0)) {
      Assumptions.assumeTrue(evict(log), "skipped: pages cannot be evicted from memory here");

      fill(log, 0);

      SampleOrder order = new SampleOrder(1, /* shuffled= */ true);
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      for (long position = BATCH; position < 2 * BATCH; position++) {
        MemorySegment row = log.mappedRow(order.indexOf(position, SAMPLES));
        while (!row.isLoaded()) {
          assertTrue(System.nanoTime() < deadline, "never came: position " + position);
          Thread.onSpinWait();
        }
      }
      long loaded = 0;
      for (long position = 4 * BATCH; position < SAMPLES; position++) {
        loaded += log.mappedRow(order.indexOf(position, SAMPLES)).isLoaded() ? 1 : 0;
      }
      assertTrue(loaded < SAMPLES / 4, "rows that nobody asked for are in memory: " + loaded);
    }
  }

  @Test
  void readingAheadChangesNoBatch() {
    try (SampleLog large = log(0);
        SampleLog small = log(Long.MAX_VALUE)) {
      assertEquals(List.of(true, false), List.of(large.isReadAhead(), small.isReadAhead()));
      for (int step = 0; step < SAMPLES / BATCH; step++) {
        assertArrayEquals(fill(small, step), fill(large, step));
      }
    }
  }

  private float[] fill(SampleLog log, int step) {
    try (Device device = Devices.open("cpu");
        Execution execution = device.compile(TRAINING.program()).newExecution()) {
      new Batches(TRAINING, log, 1).fill(step, 0, 0, execution);
      return execution.input("features").toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  private SampleLog log(long mostCachedBytes) {
    int rowBytes = TRAINING.encoding().rowBytes();
    long logBytes = (long) SAMPLES * rowBytes;
    SampleLog log =
        new SampleLog(
            folder.resolve("rows-" + mostCachedBytes), rowBytes, logBytes, mostCachedBytes);
    for (int sample = 0; sample < SAMPLES; sample++) {
      new RowWriter<>(TRAINING.encoding()).write(sample, log.next());
      log.append();
    }
    log.seal();
    log.shuffle();
    return log;
  }

  /** Out of this process, then out of memory; whether that worked. */
  private boolean evict(SampleLog log) throws IOException, InterruptedException {
    log.force(SAMPLES);
    for (int row = 0; row < SAMPLES; row++) {
      log.mappedRow(row).unload();
    }
    Process dd =
        new ProcessBuilder("dd", "if=rows-0/000000.rows", "iflag=nocache", "count=0")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    int exit = dd.waitFor();
    boolean anyLoaded = false;
    for (int row = 0; row < SAMPLES; row++) {
      anyLoaded |= log.mappedRow(row).isLoaded();
    }
    return exit == 0 && !anyLoaded;
  }

  private static float[] row(int sample) {
    float[] row = new float[WIDTH];
    row[sample] = 1;
    return row;
  }
}
