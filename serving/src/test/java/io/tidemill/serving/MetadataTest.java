package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.model.ModelStore;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetadataTest {
  private static final PublishedModels SMALL = PublishedModels.small();

  @TempDir private static Path state;
  private static RunningServer running;

  @BeforeAll
  static void start() {
    SMALL.publish(ModelStore.in(state), "small", 1);
    running =
        new RunningServer(
            state, ServingConfig.defaults().with(change -> change.maxBodyBytes(100_000)));
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/v2/health/live|{\"live\":true}",
        "/v2/health/ready|{\"ready\":true}",
        "/ready|{\"ready\":true}",
        "/alive|{\"alive\":true}",
        "/v2|{\"name\":\"tidemill\",\"version\":\"0.1.0\",\"extensions\":[\"binary_tensor_data\","
            + "\"model_repository\",\"model_configuration\",\"statistics\"]}",
        "/v2/|{\"name\":\"tidemill\",\"version\":\"0.1.0\",\"extensions\":[\"binary_tensor_data\","
            + "\"model_repository\",\"model_configuration\",\"statistics\"]}",
        "/v2/models/small/config|{\"name\":\"small\",\"platform\":\"tidemill\","
            + "\"backend\":\"tidemill\",\"max_batch_size\":16,"
            + "\"input\":[{\"name\":\"input\",\"data_type\":\"TYPE_FP32\",\"dims\":[4]}],"
            + "\"output\":[{\"name\":\"probabilities\",\"data_type\":\"TYPE_FP32\",\"dims\":[3]},"
            + "{\"name\":\"label\",\"data_type\":\"TYPE_INT64\",\"dims\":[]}],"
            + "\"dynamic_batching\":{\"max_queue_delay_microseconds\":0}}",
        "/v2/models/small/ready|{\"name\":\"small\",\"ready\":true}",
        "/v2/models/small/versions/1/ready|{\"name\":\"small\",\"ready\":true}",
        "/v2/models/small|{\"name\":\"small\",\"versions\":[\"1\"],\"platform\":\"tidemill\","
            + "\"inputs\":[{\"name\":\"input\",\"datatype\":\"FP32\",\"shape\":[-1,4]}],"
            + "\"outputs\":[{\"name\":\"probabilities\",\"datatype\":\"FP32\",\"shape\":[-1,3]},"
            + "{\"name\":\"label\",\"datatype\":\"INT64\",\"shape\":[-1]}]}",
      })
  void answersAboutItself(String path, String body) throws Exception {
    HttpResponse<String> response = running.get(path);

    assertEquals(200, response.statusCode());
    assertEquals(body, response.body());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElseThrow());
  }

  @Test
  void countsRequestsInPrometheusFormat() throws Exception {
    running.post(INFER, GOOD);
    running.post(INFER, "{");

    String metrics = running.get("/metrics").body();

    for (String series :
        List.of(
            "tidemill_http_requests_total{route=\"infer\",status=\"200\"} ",
            "tidemill_http_requests_total{route=\"infer\",status=\"400\"} ",
            "tidemill_inference_request_seconds_bucket{model=\"small\",version=\"1\",le=\"0.001\"}"
                + " ",
            "tidemill_inference_queue_seconds_count{model=\"small\",version=\"1\"} ",
            "tidemill_batch_rows_bucket{model=\"small\",version=\"1\",le=\"64.0\"} ",
            "tidemill_queue_rows{model=\"small\",version=\"1\"} 0.0",
            "nv_inference_request_success{model=\"small\",version=\"1\"} ",
            "nv_inference_count{model=\"small\",version=\"1\"} ")) {
      assertTrue(metrics.contains(series), series + " is not in\n" + metrics);
    }
  }

  @Test
  void listsTheModelsOnAPage() throws Exception {
    HttpResponse<String> response = running.get("/");

    assertEquals(200, response.statusCode());
    assertTrue(response.body().contains("<td>input FP32 [*, 4]</td>"), response.body());
  }
}
