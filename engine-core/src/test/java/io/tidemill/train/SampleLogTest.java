package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleLogTest {
  private static final int ROW_BYTES = 8;

  /** Four rows in a file. */
  private static final long SEGMENT_BYTES = 32;

  @TempDir Path folder;

  @Test
  void saysThatTheDiskIsFullBeforeARowIsLost() throws Exception {
    boolean mounted = exec("mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", folder.toString());
    if (!mounted) {
      System.out.println("skipped: a full disk needs the right to mount a tmpfs");
    }
    Assumptions.assumeTrue(mounted, "needs the right to mount a tmpfs");
    try (SampleLog log = new SampleLog(folder, 1 << 10)) {
      EngineException failure = assertThrows(EngineException.class, () -> append(log, 0, 8 << 10));

      assertEquals(ErrorCode.RESOURCE, failure.code());
      assertTrue(failure.getMessage().contains("make room on the disk"), failure.getMessage());
      assertEquals(4 << 10, log.length());
      assertEquals(4095, value(log, 4095));
    } finally {
      assertTrue(exec("umount", folder.toString()));
    }
  }

  @Test
  void goesOnBehindTheRowsOfACheckpoint() {
    byte[] snapshot;
    try (SampleLog log = log()) {
      append(log, 0, 10);
      snapshot = log.snapshot(0);
      append(log, 100, 5); // lost: they came after the checkpoint
    }

    try (SampleLog log = log()) {
      log.restore(snapshot);
      append(log, 10, 3);

      assertEquals(13, log.length());
      for (int row = 0; row < 13; row++) {
        assertEquals(row, value(log, row));
      }
      log.seal();
      assertTrue(log.isSealed());
    }
  }

  @Test
  void readsAndAppendsBehindRowsThatWereForced() throws IOException {
    try (SampleLog log = log()) {
      append(log, 0, 6);
      log.force(6);
      append(log, 6, 3);

      for (int row = 0; row < 9; row++) {
        assertEquals(row, value(log, row));
      }
      ByteBuffer second = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("000001.rows")));
      assertEquals(5, second.order(ByteOrder.nativeOrder()).getLong(ROW_BYTES));
    }
  }

  @Test
  void takesASnapshotOfARestoredLog() {
    byte[] first = snapshotOf(6);
    byte[] second;
    try (SampleLog log = log()) {
      log.restore(first);
      append(log, 6, 5);
      second = log.snapshot(0);
    }

    try (SampleLog log = log()) {
      log.restore(second);
      assertEquals(11, log.length());
      assertEquals(10, value(log, 10));
    }
  }

  @Test
  void namesAFileWithAFlippedBit() throws IOException {
    byte[] snapshot = snapshotOf(10);
    try (FileChannel file =
        FileChannel.open(folder.resolve("000001.rows"), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {77}), 3);
    }

    assertDamaged(snapshot, "000001.rows");
  }

  @Test
  void namesAFileThatIsTruncatedAndOneThatIsMissing() throws IOException {
    byte[] snapshot = snapshotOf(10);
    try (FileChannel file =
        FileChannel.open(folder.resolve("000002.rows"), StandardOpenOption.WRITE)) {
      file.truncate(8);
    }
    assertDamaged(snapshot, "000002.rows");

    Files.delete(folder.resolve("000000.rows"));
    assertDamaged(snapshot, "000000.rows");
  }

  @Test
  void refusesRowsOfAnotherWidth() {
    byte[] snapshot = snapshotOf(1);

    try (SampleLog log = new SampleLog(folder, 12, SEGMENT_BYTES)) {
      EngineException failure = assertThrows(EngineException.class, () -> log.restore(snapshot));
      assertTrue(failure.getMessage().contains("expected=12 found=8"), failure.getMessage());
    }
  }

  @Test
  void deletesFilesThatAreNotReadAgain() {
    byte[] snapshot;
    try (SampleLog log = log()) {
      append(log, 0, 14);
      log.trim(9);
      snapshot = log.snapshot(0);
    }

    assertFalse(Files.exists(folder.resolve("000001.rows")));
    assertTrue(Files.exists(folder.resolve("000002.rows")));
    try (SampleLog log = log()) {
      log.restore(snapshot);
      append(log, 14, 1);
      assertEquals(9, value(log, 9));
      assertEquals(14, value(log, 14));
    }
  }

  @Test
  void filesThatWereDeletedAfterTheCheckpointAreNotMissed() {
    byte[] snapshot;
    try (SampleLog log = log()) {
      append(log, 0, 14);
      snapshot = log.snapshot(9);
      log.trim(9);
    }

    assertFalse(Files.exists(folder.resolve("000001.rows")));
    try (SampleLog log = log()) {
      log.restore(snapshot);
      append(log, 14, 1);
      assertEquals(9, value(log, 9));
      assertEquals(14, value(log, 14));
    }
  }

  private byte[] snapshotOf(int rows) {
    try (SampleLog log = log()) {
      append(log, 0, rows);
      return log.snapshot(0);
    }
  }

  private void assertDamaged(byte[] snapshot, String file) {
    try (SampleLog log = log()) {
      EngineException failure = assertThrows(EngineException.class, () -> log.restore(snapshot));

      assertEquals(ErrorCode.CORRUPT_STATE, failure.code());
      assertTrue(
          failure
              .getMessage()
              .startsWith("the sample log is damaged: file=" + folder.resolve(file)),
          failure.getMessage());
    }
  }

  private SampleLog log() {
    return new SampleLog(folder, ROW_BYTES, SEGMENT_BYTES);
  }

  private static void append(SampleLog log, long from, int count) {
    for (long value = from; value < from + count; value++) {
      log.next().set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
      log.append();
    }
  }

  private static long value(SampleLog log, long row) {
    return log.row(row).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
  }

  private static boolean exec(String... command) throws Exception {
    return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
  }
}
