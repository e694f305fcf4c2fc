package io.tidemill.connector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class GeneratedSourceTest {
  private static final Source<Long> SEVEN = GeneratedSource.bounded(Long.class, i -> i * 10, 7);

  @Test
  void makesEachRecordOfItsIndex() throws IOException {
    assertEquals(List.of(0L, 10L, 20L, 30L, 40L, 50L, 60L), readAll(SEVEN, "0", 0));
    assertEquals(7, SEVEN.estimatedRecords().orElseThrow());
    assertTrue(SEVEN.isBounded());
  }

  @Test
  void dealsTheIndicesToItsSplits() throws IOException {
    Source<Long> source = GeneratedSource.bounded(Long.class, i -> i * 10, 7).withSplits(3);

    assertEquals(List.of("0", "1", "2"), source.splits());
    assertEquals(List.of(0L, 30L, 60L), readAll(source, "0", 0));
    assertEquals(List.of(20L, 50L), readAll(source, "2", 0));
    assertEquals(List.of(50L), readAll(source, "2", 1));
  }

  @Test
  void goesOnForEverWithoutABound() throws IOException {
    Source<Long> source = GeneratedSource.unbounded(Long.class, i -> i);

    try (SplitReader<Long> reader = source.open("0", 5_000_000_000L)) {
      assertTrue(reader.advance());
      assertEquals(5_000_000_000L, reader.current());
    }
    assertFalse(source.isBounded());
    assertTrue(source.estimatedRecords().isEmpty());
  }

  @Test
  void refusesAnOffsetBehindTheEnd() throws IOException {
    assertEquals(List.of(), readAll(SEVEN, "0", 7));

    EngineException failure = assertThrows(EngineException.class, () -> SEVEN.open("0", 8));

    assertEquals(
        "split 0 is shorter than the checkpoint's offset 8: its source has 7 records",
        failure.getMessage());
  }

  @Test
  void refusesAnUnknownSplit() {
    EngineException failure = assertThrows(EngineException.class, () -> SEVEN.open("1", 0));

    assertEquals("unknown split: expected=[0] actual=1", failure.getMessage());
  }

  private static List<Long> readAll(Source<Long> source, String split, long offset)
      throws IOException {
    List<Long> read = new ArrayList<>();
    try (SplitReader<Long> reader = source.open(split, offset)) {
      while (reader.advance()) {
        read.add(reader.current());
      }
      assertFalse(reader.advance());
    }
    return read;
  }
}
