package io.tidemill.cluster.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HeadBeatTest {
  private static final long SECOND_NS = 1_000_000_000L;

  @TempDir Path state;

  @Test
  void whereNoHeadEverWasNobodyDecides() {
    assertEquals(Optional.empty(), new HeadBeat(state).latest());
  }

  @Test
  void theHeadThatHasSaidSoLastDecides() {
    new HeadBeat(state).beat("a:1", 0);
    new HeadBeat(state).beat("b:1", 0);

    assertEquals(Optional.of("b:1"), new HeadBeat(state).latest());
  }

  @Test
  void aHeadThatHasNotBeenHeardForHalfAMinuteDoesNotDecide() throws IOException {
    new HeadBeat(state).beat("a:1", 0);
    age(30_000);

    assertEquals(Optional.empty(), new HeadBeat(state).latest());
    try (Stream<Path> left = Files.list(state.resolve("cluster"))) {
      assertEquals(List.of(state.resolve("cluster").resolve("beat")), left.toList());
    }
  }

  @Test
  void beatsOncePerSecond() throws IOException {
    HeadBeat beat = new HeadBeat(state);
    beat.beat("a:1", 0);
    age(30_000);

    beat.beat("a:1", SECOND_NS - 1);
    assertEquals(Optional.empty(), beat.latest());
    beat.beat("a:1", SECOND_NS);
    assertEquals(Optional.of("a:1"), beat.latest());
  }

  private void age(long milliseconds) throws IOException {
    Path file = state.resolve("cluster").resolve("beat");
    long written = Files.getLastModifiedTime(file).toMillis();
    Files.setLastModifiedTime(file, FileTime.fromMillis(written - milliseconds));
  }
}
