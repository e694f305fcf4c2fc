package io.tidemill.benchmarks.allreduce;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.benchmarks.contender.Contender;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class OwnRankTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void ranksInProcessesOfTheirOwnAnswerByARate(Lane lane) {
    Contest contest = new Contest(2, new Size("4KB", 4096));

    try (Contender ours = new Starter("python3", folder, _ -> {}).ours(contest, lane)) {
      assertTrue(ours.rate(0.1) > 0); // how fast is not for a test
    }
  }
}
