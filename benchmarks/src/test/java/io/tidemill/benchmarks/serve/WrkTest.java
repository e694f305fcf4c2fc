package io.tidemill.benchmarks.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.benchmarks.serve.Wrk.Load;
import io.tidemill.error.EngineException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WrkTest {
  @TempDir Path folder;

  @Test
  void readsTheLineThatItsScriptPrints() {
    Load load =
        Load.parse(
            "tidemill",
            List.of(
                "Running 3s test @ http://127.0.0.1:8080/",
                "Requests/sec:  20016.32",
                "result 60049 3000000 1461 4820 0 0"));

    assertEquals(new Load(60_049, 3, 1.461, 4.82), load);
    assertEquals(60_049 / 3.0, load.perSecond());
  }

  @Test
  void takesNoRateOfRefusals() {
    EngineException refusal =
        assertThrows(
            EngineException.class,
            () -> Load.parse("tidemill", List.of("result 100 3000000 10 20 7 2")));

    assertEquals(
        "tidemill failed under load: of 100 requests 7 were refused and 2 broken",
        refusal.getMessage());
  }

  @Test
  void quotesWhatWrkSaysWhereThereIsNoResult() {
    EngineException refusal =
        assertThrows(
            EngineException.class,
            () -> Load.parse("tidemill", List.of("unable to connect to 127.0.0.1:1")));

    assertEquals(
        "wrk against tidemill printed no result: unable to connect to 127.0.0.1:1",
        refusal.getMessage());
  }

  @Test
  void aServerThatAnswersNothingHasNoRate() {
    EngineException refusal =
        assertThrows(
            EngineException.class,
            () -> Load.parse("tidemill", List.of("result 0 3000000 0 0 0 0")));

    assertEquals("tidemill answered nothing while it was measured", refusal.getMessage());
  }

  @Test
  void sendsTheHeadersAndTheBodyOfTheQuestion() throws Exception {
    Question question = new Question(Map.of("X-Odd", "a\"b\\c"), new byte[] {1, 0, 2});

    String script = Files.readString(new Wrk(folder).script(question));

    assertTrue(script.contains("wrk.headers[\"X-Odd\"] = \"a\\\"b\\\\c\"\n"), script);
    Path body = Path.of(script.replaceAll("(?s).*io.open\\(\"([^\"]*)\".*", "$1"));
    assertEquals(3, Files.size(body));
  }
}
