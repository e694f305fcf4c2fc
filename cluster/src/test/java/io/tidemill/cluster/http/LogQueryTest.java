package io.tidemill.cluster.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.cluster.job.JobLogs;
import io.tidemill.error.EngineException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogQueryTest {
  private static final String FIRST =
      """
      2026-11-23T12:00:00Z attempt 1 begins
      2026-11-23T12:00:02.500Z failed: in two
      lines
      """;
  private static final String SECOND =
      """
      2026-11-23T12:00:00.250Z attempt 1 begins
      2026-11-23T12:00:03Z leaves
      """;

  @TempDir Path state;
  private JobLogs logs;

  @BeforeEach
  void write() throws IOException {
    logs = new JobLogs(state, "digits-1");
    Files.createDirectories(logs.file(0).getParent());
    Files.writeString(logs.file(0), FIRST);
    Files.writeString(logs.file(1), SECOND);
  }

  @Test
  void linesOfAllRanksStandInOrderOfTimeWithTheRankInFront() {
    assertEquals(
        """
        rank 0 | 2026-11-23T12:00:00Z attempt 1 begins
        rank 1 | 2026-11-23T12:00:00.250Z attempt 1 begins
        rank 0 | 2026-11-23T12:00:02.500Z failed: in two
        rank 0 | lines
        rank 1 | 2026-11-23T12:00:03Z leaves
        """,
        answer(Map.of()));
  }

  @Test
  void tailOfOneRankBeginsWithWholeLine() {
    assertEquals(SECOND, answer(Map.of("rank", "1")));
    assertEquals("2026-11-23T12:00:03Z leaves\n", answer(Map.of("rank", "1", "tail", "40")));
    assertEquals("", answer(Map.of("rank", "7")));
  }

  @Test
  void whatFollowsOffsetIsGivenAndNothingBehindTheEnd() {
    assertEquals("lines\n", answer(Map.of("rank", "0", "from", "" + (FIRST.length() - 6))));
    assertEquals("", answer(Map.of("rank", "0", "from", "" + FIRST.length())));
    assertEquals("", answer(Map.of("rank", "0", "from", "" + Long.MAX_VALUE)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "rnak|1|unknown parameter rnak; expected one of [from, rank, tail]",
        "from|5|from counts in the log of one rank: name that by rank",
        "tail|-1|tail has to be a whole number from 0 to 4194304, is -1",
        "rank|x|rank has to be a whole number from 0 to 999999, is x",
      })
  void refusesWhatItDoesNotKnow(String key, String value, String why) {
    EngineException refusal =
        assertThrows(EngineException.class, () -> LogQuery.of(Map.of(key, value)));
    assertEquals("the logs cannot be given: " + why, refusal.getMessage());
  }

  private String answer(Map<String, String> query) {
    return new String(LogQuery.of(query).answer(logs), StandardCharsets.UTF_8);
  }
}
