package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.channel.Element.Item;
import io.tidemill.channel.OrderKey;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.operator.Output;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SequencerTest {
  private static final Output NOWHERE = item -> {};

  /** Rows have 16 bytes: eight in a file, and three files to the global batch of 24. */
  private static final long SEGMENT_BYTES = 128;

  @TempDir Path folder;

  @Test
  void deletesTheRowsOfAnEndlessStreamThatNoKeptCheckpointNeeds() throws IOException {
    try (SampleLog log = new SampleLog(folder, 16, SEGMENT_BYTES)) {
      takeSixCheckpoints(log, true);

      // Checkpoints 4, 5 and 6 are kept; at 4 training had read 4 batches of 3 files.
      assertEquals(6 * 3, files().size());
      assertEquals("000012.rows", files().getFirst());
      assertEquals(4 * 24, log.row(4 * 24).get(ValueLayout.JAVA_FLOAT, 0));
    }
  }

  @Test
  void goesOnFromACheckpointAfterRowsWereDeleted() throws IOException {
    byte[] snapshot;
    try (SampleLog log = new SampleLog(folder, 16, SEGMENT_BYTES)) {
      takeSixCheckpoints(log, true);
      snapshot = log.snapshot(0);
    }

    try (SampleLog log = new SampleLog(folder, 16, SEGMENT_BYTES)) {
      log.restore(snapshot);

      assertEquals(240, log.length());
      assertEquals(239, log.row(239).get(ValueLayout.JAVA_FLOAT, 0));
      assertEquals(18, files().size());
    }
  }

  @Test
  void keepsAllRowsOfAStreamThatEnds() throws IOException {
    try (SampleLog log = new SampleLog(folder, 16, SEGMENT_BYTES)) {
      takeSixCheckpoints(log, false);

      assertEquals(30, files().size());
    }
  }

  @Test
  void anEndlessStreamIsHeldBackWhenNoBarrierIsOnItsWay() {
    Training<float[]> training = readOnce(100);
    AtomicLong requested = new AtomicLong();
    try (SampleLog log = new SampleLog(folder, 16, SEGMENT_BYTES)) {
      Sequencer<float[]> sequencer =
          new Sequencer<>(training, log, new TrainingProgress(), true, false, requested::get);
      for (int i = 0; i < 64 * 24; i++) {
        assertTrue(sequencer.isReady(), "after " + i);
        sequencer.process(new Item(OrderKey.ofSource(i, 0, i), new float[] {i, 0, 0}), NOWHERE);
      }

      assertFalse(sequencer.isReady());
      requested.set(1);
      assertTrue(sequencer.isReady());
      sequencer.snapshot(1);
      assertFalse(sequencer.isReady());
    }
  }

  @Test
  void whatComesBehindTheLastStepIsNotKept() {
    try (SampleLog log = new SampleLog(folder, 16, SEGMENT_BYTES)) {
      Sequencer<float[]> sequencer =
          new Sequencer<>(readOnce(2), log, new TrainingProgress(), true, false, () -> 0);
      for (int i = 0; i < 50; i++) {
        sequencer.process(new Item(OrderKey.ofSource(i, 0, i), new float[] {i, 0, 0}), NOWHERE);
      }

      assertEquals(48, log.length());
    }
  }

  private static Training<float[]> readOnce(long steps) {
    Encoding<float[]> encoding = Encoding.ofFloats(3, row -> row, row -> 1);
    return Training.of(Network.sequential(Dense.of(3, 3)), encoding).globalBatch(24).steps(steps);
  }

  /** Ten batches are in the log; a checkpoint is taken after each of the first six steps. */
  private static void takeSixCheckpoints(SampleLog log, boolean endless) {
    TrainingProgress progress = new TrainingProgress();
    Sequencer<float[]> sequencer =
        new Sequencer<>(TinyTraining.training(8), log, progress, endless, false, () -> 0);
    for (int i = 0; i < 240; i++) {
      sequencer.process(new Item(OrderKey.ofSource(i, 0, i), new float[] {i, 0, 0}), NOWHERE);
    }
    for (int checkpoint = 1; checkpoint <= 6; checkpoint++) {
      progress.advance(checkpoint, checkpoint * 24L, 0.5f);
      sequencer.snapshot(checkpoint);
      sequencer.committed(checkpoint);
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}
