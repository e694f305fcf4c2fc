package io.tidemill.connector.csv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.SinkWriter;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CsvSinkTest {
  private static final byte[] NEW = {};

  @TempDir private Path folder;
  private Path file;
  private CsvSink<Row> sink;

  private record Row(long id, double value, String text) {}

  @BeforeEach
  void createSink() {
    file = folder.resolve("rows.csv");
    sink =
        CsvSink.of(
            file,
            List.of("id", "value", "text"),
            (row, line) -> line.add(row.id).add(row.value).add(row.text));
  }

  @Test
  void showsTheFileOnlyWhenItIsWhole() throws IOException {
    try (SinkWriter<Row> writer = sink.open(NEW)) {
      writer.write(new Row(1, 57.16, "a"));
      writer.commit(writer.prepare());
      assertFalse(Files.exists(file));
      writer.write(new Row(2, 3, "b"));

      writer.finish();
    }

    assertEquals("id,value,text\n1,57.16,a\n2,3,b\n", Files.readString(file));
    assertFalse(Files.exists(folder.resolve("rows.csv.part")));
  }

  @Test
  void undoesWhatWasWrittenAfterTheCheckpoint() throws IOException {
    byte[] state;
    try (SinkWriter<Row> writer = sink.open(NEW)) {
      writer.write(new Row(1, 1, "a"));
      state = writer.prepare();
      writer.write(new Row(2, 2, "lost"));
      writer.prepare();
    }

    try (SinkWriter<Row> restored = sink.open(state)) {
      restored.write(new Row(3, 3, "c"));
      restored.finish();
    }

    assertEquals("id,value,text\n1,1,a\n3,3,c\n", Files.readString(file));
  }

  @Test
  void replaysAfterACrashBetweenTheRenamingAndTheEndOfTheJob() throws IOException {
    byte[] state;
    try (SinkWriter<Row> writer = sink.open(NEW)) {
      state = writer.prepare();
      writer.write(new Row(1, 1, "a"));
      writer.finish();
    }

    try (SinkWriter<Row> restored = sink.open(state)) {
      restored.write(new Row(1, 1, "a"));
      restored.finish();
    }

    assertEquals("id,value,text\n1,1,a\n", Files.readString(file));
  }

  @Test
  void beginsAnewOverWhatADeadJobLeft() throws IOException {
    Files.writeString(folder.resolve("rows.csv.part"), "some longer rubbish of a job that died");

    try (SinkWriter<Row> writer = sink.open(NEW)) {
      writer.finish();
    }

    assertEquals("id,value,text\n", Files.readString(file));
  }

  @Test
  void refusesAPartThatIsShorterThanTheCheckpointSays() throws IOException {
    byte[] state;
    try (SinkWriter<Row> writer = sink.open(NEW)) {
      state = writer.prepare();
    }
    Path part = folder.resolve("rows.csv.part");
    Files.writeString(part, "id");

    EngineException failure = assertThrows(EngineException.class, () -> sink.open(state));

    assertEquals(ErrorCode.CORRUPT_STATE, failure.code());
    assertEquals(
        part
            + " is shorter than the checkpoint says: expected at least 14 bytes, found 2;"
            + " start the job anew",
        failure.getMessage());
  }

  @Test
  void writesWhatReadsBackAsTheSame() throws IOException {
    try (SinkWriter<Row> writer = sink.open(NEW)) {
      writer.write(new Row(Long.MIN_VALUE, 0.1 + 0.2, "a,\"b\""));
      writer.write(new Row(0, -1e300, ""));
      writer.write(new Row(0, 1e15, "x".repeat(100_000)));
      writer.finish();
    }

    List<String> lines = Files.readAllLines(file);
    assertEquals("-9223372036854775808,0.30000000000000004,\"a,\"\"b\"\"\"", lines.get(1));
    assertEquals("0,-1.0E300,\"\"", lines.get(2));
    assertEquals("0,1000000000000000," + "x".repeat(100_000), lines.get(3));
  }

  @Test
  void refusesATargetThatCannotBeWritten() throws IOException {
    Path inMissingFolder = folder.resolve("none/rows.csv");
    Files.createDirectory(file);

    EngineException missing =
        assertThrows(
            EngineException.class,
            () -> CsvSink.<Row>of(inMissingFolder, List.of("a"), (row, line) -> {}).check());
    EngineException directory = assertThrows(EngineException.class, sink::check);

    assertEquals(
        inMissingFolder + " cannot be written: its folder does not exist; create it",
        missing.getMessage());
    assertTrue(directory.getMessage().startsWith(file + " cannot be written: it is a folder"));
  }
}
