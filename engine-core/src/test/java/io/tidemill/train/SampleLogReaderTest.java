package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a megabyte, four of them in a file. */
final class SampleLogReaderTest {
  private static final int ROW_BYTES = 1 << 20;

  @TempDir Path folder;

  private final LogExtent extent = LogExtent.ofProcess();

  @Test
  void readsRowsAsTheyComeFromFileToFile() {
    try (SampleLog log = new SampleLog(folder, ROW_BYTES, extent);
        SampleLogReader reader = new SampleLogReader(folder, ROW_BYTES, extent)) {
      assertFalse(reader.follow(false));
      for (int row = 0; row < 10; row++) {
        append(log, row);
        assertEquals(row, reader.length(), "before it follows");
        assertTrue(reader.follow(false));
        assertEquals(row + 1, reader.length());
        assertEquals(row, number(reader, row));
        assertFalse(reader.follow(false), "nothing is new");
      }
      assertFalse(reader.isSealed());
      log.seal();
      assertTrue(reader.follow(false));
      assertTrue(reader.isSealed());
      assertEquals(0, number(reader, 0));
    }
  }

  @Test
  void letsGoOfFilesThatWereTrimmedAndNeedsNoneOfThem() throws IOException {
    try (SampleLog log = new SampleLog(folder, ROW_BYTES, extent);
        SampleLogReader early = new SampleLogReader(folder, ROW_BYTES, extent);
        SampleLogReader late = new SampleLogReader(folder, ROW_BYTES, extent)) {
      for (int row = 0; row < 9; row++) {
        append(log, row);
      }
      early.follow(false);
      log.trim(8);
      append(log, 9);

      assertTrue(early.follow(false));
      assertTrue(late.follow(false));

      assertFalse(Files.exists(folder.resolve("000001.rows")));
      assertEquals(9, number(early, 9));
      assertEquals(8, number(late, 8));
      assertEquals(9, number(late, 9));
    }
  }

  @Test
  void namesAFileThatShouldBeThere() throws IOException {
    try (SampleLog log = new SampleLog(folder, ROW_BYTES, extent);
        SampleLogReader reader = new SampleLogReader(folder, ROW_BYTES, extent)) {
      append(log, 0);
      Files.delete(folder.resolve("000000.rows"));

      String sentence =
          assertThrows(EngineException.class, () -> reader.follow(false)).getMessage();
      assertTrue(sentence.contains("file=" + folder.resolve("000000.rows")), sentence);
    }
  }

  private static void append(SampleLog log, int number) {
    log.next().set(ValueLayout.JAVA_INT, ROW_BYTES - 4, number);
    log.append();
  }

  private static int number(SampleLogReader reader, long row) {
    return reader.row(row).get(ValueLayout.JAVA_INT, ROW_BYTES - 4);
  }
}
