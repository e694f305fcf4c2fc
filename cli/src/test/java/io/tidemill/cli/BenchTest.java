package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.cli.Tidemill.Outcome;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command with our own side alone: peers need an interpreter that has them. */
class BenchTest {
  @TempDir Path folder;

  @Test
  void measuresOurSideWhereThereIsNoPeer() throws Exception {
    String words = "bench train --cases mlp --seconds 0.1 --python /nowhere/python3 --json";

    Outcome outcome = new Tidemill(folder).run(words.split(" "));

    assertEquals(0, outcome.exit(), outcome.toString());
    JsonNode report = new ObjectMapper().readTree(outcome.lastLine());
    assertEquals("train", report.get("bench").asText());
    assertTrue(report.get("machine").asText().contains("cores"), report.toString());
    JsonNode row = report.get("rows").get(0);
    assertEquals("mlp", row.get("case").asText());
    assertEquals("steps/s", row.get("unit").asText());
    assertTrue(row.get("ours").asDouble() > 0, report.toString());
    assertTrue(row.get("peers").isEmpty() && row.get("ratio").isNull(), report.toString());
    assertTrue(
        outcome.err().stream().anyMatch(line -> line.contains("pytorch is skipped")),
        outcome.toString());
  }

  @Test
  void refusesWhatItDoesNotKnow() throws Exception {
    refuses("bench trian", "unknown benchmark \"trian\"", "train");
    refuses("bench train --cases mlp,rnn", "unknown case \"rnn\"", "mlp, cnn, gpt");
    refuses("bench train --svg chart.svg", "--svg chart.svg", "bench scaling", "model");
    refuses("bench scaling --svg /no/a.svg", "--svg /no/a.svg", "a folder that exists");
    refuses("bench train --seconds 0", "--seconds", "at least 0.1");
    refuses("bench train --seconds long", "--seconds", "a number", "\"long\"");
  }

  private void refuses(String words, String... fragments) throws Exception {
    Outcome outcome = new Tidemill(folder).run(words.split(" "));

    assertEquals(2, outcome.exit(), outcome.toString());
    for (String fragment : fragments) {
      assertTrue(outcome.onlyError().contains(fragment), outcome.toString());
    }
  }
}
