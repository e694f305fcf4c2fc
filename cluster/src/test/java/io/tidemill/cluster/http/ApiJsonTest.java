package io.tidemill.cluster.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.tidemill.cluster.job.JobSpec;
import io.tidemill.error.EngineException;
import io.tidemill.local.JobOptions;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiJsonTest {
  @Test
  void readsWhatIsAskedForAndFillsInTheRest() {
    assertEquals(
        new JobSpec("digits", Map.of("epochs", "3"), 7, 2),
        spec("{\"pipeline\":\"digits\",\"params\":{\"epochs\":3},\"seed\":7,\"workers\":2}"));
    assertEquals(
        new JobSpec("digits", Map.of(), 1, JobOptions.AS_DECLARED),
        spec("{\"pipeline\":\"digits\"}"));
  }

  @Test
  void noWorkerAtAllIsRefused() {
    EngineException refused =
        assertThrows(EngineException.class, () -> spec("{\"pipeline\":\"digits\",\"workers\":0}"));

    assertEquals("workers has to be at least 1, is 0", refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]|expected an object like {\"pipeline\": \"digits\"}",
        "{\"pipeline\":1}|\"pipeline\" has to be a string",
        "{\"pipeline\":\"d\",\"wrokers\":2}|unknown field \"wrokers\"; expected params, pipeline,"
            + " seed, workers",
        "{\"pipeline\":\"d\",\"workers\":\"two\"}|\"workers\" has to be a whole number",
        "{\"pipeline\":\"d\",\"seed\":1.5}|\"seed\" has to be a whole number",
        "{\"pipeline\":\"d\",\"params\":[]}|\"params\" has to be an object of strings",
        "{\"pipeline\":\"d\",\"params\":{\"a\":{}}}|parameter \"a\" has to be a string",
      })
  void refusesWhatItCannotRead(String body, String why) {
    EngineException refusal = assertThrows(EngineException.class, () -> spec(body));
    assertEquals("the request cannot be read: " + why, refusal.getMessage());
  }

  private static JobSpec spec(String body) {
    return ApiJson.spec(body.getBytes(StandardCharsets.UTF_8));
  }
}
