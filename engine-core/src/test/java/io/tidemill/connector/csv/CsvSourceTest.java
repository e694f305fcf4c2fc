package io.tidemill.connector.csv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.connector.SplitReader;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

final class CsvSourceTest {
  @TempDir private Path folder;

  private record Payment(long id, long at, double amount, boolean fraud, String place) {}

  private static final List<String> HEADER = List.of("id", "at", "amount", "fraud", "place");
  private static final String HEADER_LINE = "id,at,amount,fraud,place\n";

  @Test
  void readsTypedColumns() throws IOException {
    Path file =
        file("p.csv", "7,2018-04-01T00:00:31,57.16,0,Rome\n-8,1969-12-31 23:59:59,-1e3,1,\n");

    List<Payment> rows = readAll(source(file), 0);

    assertEquals(
        List.of(
            new Payment(7, 1_522_540_831L, 57.16, false, "Rome"),
            new Payment(-8, -1, -1000, true, "")),
        rows);
  }

  @Test
  void readsQuotedFieldsBlankLinesAndCarriageReturns() throws IOException {
    Path file = folder.resolve("p.csv");
    Files.writeString(
        file,
        "\uFEFFid,at,amount,fraud,place\r\n1,2018-04-01T00:00:00,2,0,\"a, \"\"b\"\"\nc\"\r\n\r\n"
            + "2,2018-04-01T00:00:00,2,0,d");

    List<Payment> rows = readAll(source(file), 0);

    assertEquals(List.of("a, \"b\"\nc", "d"), rows.stream().map(Payment::place).toList());
  }

  @Test
  void readsGzipWhateverTheNameIs() throws IOException {
    Path file = gzip("p.csv", HEADER_LINE + "1,2018-04-01T00:00:00,2,0,x\n");

    assertEquals(1, readAll(source(file), 0).size());
  }

  @Test
  void opensAfterTheRowsAlreadyRead() throws IOException {
    Path file = file("p.csv", rows(0, 5));

    List<Payment> rest = readAll(source(file), 3);

    assertEquals(List.of(3L, 4L), rest.stream().map(Payment::id).toList());
    assertEquals(List.of(), readAll(source(file), 5));
  }

  @Test
  void refusesAnOffsetBehindTheEnd() throws IOException {
    Path file = file("p.csv", rows(0, 5));

    assertRefused(
        ErrorCode.INVALID_DATA,
        file + " has 5 rows, but the checkpoint has read 6: it is not the same file any more",
        () -> source(file).open("file", 6));
  }

  @Test
  void staysAtTheEnd() throws IOException {
    try (SplitReader<Payment> reader = source(file("p.csv", "")).open("file", 0)) {
      assertFalse(reader.advance());
      assertFalse(reader.advance());
    }
  }

  @Test
  void readsNumbersAsJavaDoes() throws IOException {
    Random random = new Random(1);
    List<String> numbers =
        new ArrayList<>(
            List.of("0", "-0", ".5", "5.", "1e22", "0.1", "123456789012345", "9007199254740993"));
    for (int i = 0; i < 2_000; i++) {
      numbers.add(Double.toString(Double.longBitsToDouble(random.nextLong() & ~(1L << 62))));
      numbers.add(String.valueOf(random.nextInt(1_000_000) / 100.0));
    }
    StringBuilder text = new StringBuilder();
    numbers.forEach(number -> text.append("1,2018-04-01T00:00:00,").append(number).append(",0,\n"));

    List<Payment> rows = readAll(source(file("p.csv", text.toString())), 0);

    assertEquals(
        numbers.stream().map(Double::parseDouble).toList(),
        rows.stream().map(Payment::amount).toList());
  }

  @Test
  void namesLineAndColumnOfWhatItCannotParse() throws IOException {
    assertLineRefused("3,2018-04-01T00:00:00,abc,0,x", "amount expects a number, found \"abc\"");
    assertLineRefused("3,2018-04-01T00:00:00,,0,x", "amount expects a number, found \"\"");
    assertLineRefused("3,2018-04-01T00:00:00,NaN,0,x", "amount expects a number, found \"NaN\"");
    assertLineRefused("3,2018-04-01T00:00:00,1f,0,x", "amount expects a number, found \"1f\"");
    assertLineRefused(
        "3,2018-04-01T00:00:00,1e999,0,x", "amount expects a number, found \"1e999\"");
    assertLineRefused("3x,2018-04-01T00:00:00,1,0,x", "id expects a whole number, found \"3x\"");
    assertLineRefused(",2018-04-01T00:00:00,1,0,x", "id expects a whole number, found \"\"");
    assertLineRefused("3,2018-04-01T00:00:00,1,2,x", "fraud expects 0 or 1, found \"2\"");
    assertLineRefused("3,2018-04-01T00:00:00,1,,x", "fraud expects 0 or 1, found \"\"");
    assertLineRefused(
        "3,yesterday,1,0,x",
        "at expects a date and time like 2018-04-01T00:00:31, found \"yesterday\"");
    assertLineRefused(
        "3,2018-04-01T24:00:00,1,0,x",
        "at expects a date and time like 2018-04-01T00:00:31, found \"2018-04-01T24:00:00\"");
    assertLineRefused(
        "3,2018-02-29T00:00:00,1,0,x",
        "at expects a date of the calendar, found \"2018-02-29T00:00:00\"");
    assertLineRefused(
        "3,2018-04-01T00:00:00,1", "expected 5 columns (id,at,amount,fraud,place), found 3");
    assertLineRefused(
        "3,2018-04-01T00:00:00,1,0,x,y,z",
        "expected 5 columns (id,at,amount,fraud,place), found 7");
  }

  @Test
  void refusesAnotherHeader() throws IOException {
    Path file = folder.resolve("p.csv");
    Files.writeString(file, "id,at,price\n1,2,3\n");

    assertRefused(
        ErrorCode.INVALID_DATA,
        file + " has a wrong header: expected \"id,at,amount,fraud,place\", found \"id,at,price\"",
        () -> source(file).check());
  }

  @Test
  void refusesAnEmptyFile() throws IOException {
    Path file = Files.createFile(folder.resolve("p.csv"));

    assertRefused(
        ErrorCode.INVALID_DATA,
        file + " has a wrong header: expected \"id,at,amount,fraud,place\", found an empty file",
        () -> source(file).check());
  }

  @Test
  void refusesAMissingFileAndAFolder() {
    Path missing = folder.resolve("none.csv");

    assertRefused(
        ErrorCode.NOT_FOUND,
        missing + " does not exist: give a file to read",
        () -> source(missing).check());
    assertRefused(
        ErrorCode.INVALID_DATA,
        folder + " is not a file: expected a file, found a directory",
        () -> source(folder).check());
  }

  @Test
  void refusesPlainTextThatIsCalledGzip() throws IOException {
    Path file = file("p.csv.gz", "");

    assertRefused(
        ErrorCode.INVALID_DATA,
        file
            + " is called .gz but is not gzip: its first bytes are not 1f 8b;"
            + " compress it with gzip, or rename it if it is not compressed",
        () -> source(file).check());
  }

  @Test
  void saysWhereATruncatedGzipBreaksOff() throws IOException {
    Path file = gzip("p.csv.gz", HEADER_LINE + rows(0, 20_000));
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));

    EngineException failure = assertThrows(EngineException.class, () -> readAll(source(file), 0));

    assertEquals(ErrorCode.INVALID_DATA, failure.code());
    assertTrue(
        failure
            .getMessage()
            .matches(
                "\\Q"
                    + file
                    + "\\E is truncated: its gzip data breaks off after [1-9][0-9,]+"
                    + " decompressed bytes; copy or download it again"),
        failure.getMessage());
  }

  @Test
  void refusesGzipThatLacksOnlyItsTrailer() throws IOException {
    Path file = gzip("p.csv.gz", HEADER_LINE + rows(0, 3));
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 4));

    assertThrows(EngineException.class, () -> readAll(source(file), 0));
  }

  @Test
  void refusesGzipWithAFlippedBit() throws IOException {
    Path file = gzip("p.csv.gz", HEADER_LINE + rows(0, 20_000));
    byte[] whole = Files.readAllBytes(file);
    whole[whole.length - 6] ^= 1;
    Files.write(file, whole);

    EngineException failure = assertThrows(EngineException.class, () -> readAll(source(file), 0));

    assertTrue(failure.getMessage().startsWith(file + " is damaged"), failure.getMessage());
  }

  @Test
  void estimatesHowManyRowsThereAre() throws IOException {
    Path file = gzip("p.csv.gz", HEADER_LINE + rows(10_000, 30_000));

    long estimate = source(file).estimatedRecords().orElseThrow();

    assertTrue(Math.abs(estimate - 20_000) < 200, "estimate=" + estimate);
    assertEquals(3, source(file("small.csv", rows(0, 3))).estimatedRecords().orElseThrow());
  }

  private void assertLineRefused(String line, String sentence) throws IOException {
    Path file = file("payments.csv", rows(1, 3) + line + "\n");

    assertRefused(
        ErrorCode.INVALID_DATA, "payments.csv line 4: " + sentence, () -> readAll(source(file), 0));
  }

  private static void assertRefused(ErrorCode code, String sentence, Executable action) {
    EngineException failure = assertThrows(EngineException.class, action);
    assertEquals(sentence, failure.getMessage());
    assertEquals(code, failure.code());
  }

  private static String rows(int from, int to) {
    StringBuilder rows = new StringBuilder();
    for (int id = from; id < to; id++) {
      rows.append(id).append(",2018-04-01T00:00:00,").append(id % 97).append(".25,0,x\n");
    }
    return rows.toString();
  }

  private static CsvSource<Payment> source(Path file) {
    return CsvSource.of(
        Payment.class,
        file,
        HEADER,
        row ->
            new Payment(
                row.longInteger(0), row.epochSecond(1), row.number(2), row.flag(3), row.text(4)));
  }

  private static List<Payment> readAll(CsvSource<Payment> source, long offset) throws IOException {
    List<Payment> rows = new ArrayList<>();
    try (SplitReader<Payment> reader = source.open("file", offset)) {
      while (reader.advance()) {
        rows.add(reader.current());
      }
    }
    return rows;
  }

  private Path file(String name, String rows) throws IOException {
    return Files.writeString(folder.resolve(name), HEADER_LINE + rows);
  }

  private Path gzip(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }
}
