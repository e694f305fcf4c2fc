package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.model.ModelStore;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateLeaveTest {
  private static final long DEADLINE_NS = 30_000_000_000L;

  private final GatedDevice device = new GatedDevice();
  @TempDir private Path state;

  @Test
  void writesNothingMoreForAClientThatHasLeft() throws Exception {
    PublishedModels.text().publish(ModelStore.in(state), "writer", 4);
    String body = "{\"text_input\":\"a\",\"parameters\":{\"max_tokens\":4096,\"seed\":1}}";
    String request =
        "POST /v2/models/writer/generate_stream HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            .formatted(body.length(), body);
    try (RunningServer server = new RunningServer(state, ServingConfig.defaults(), device)) {
      device.hold();
      try (Socket leaving = new Socket(InetAddress.getLoopbackAddress(), server.server().port())) {
        leaving.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        device.awaitHeldRuns(1);
      }
      device.open();

      String failed = "nv_inference_request_failure{model=\"writer\",version=\"1\"";
      long startedNs = System.nanoTime();
      while (value(server, failed) < 1) {
        assertTrue(System.nanoTime() - startedNs < DEADLINE_NS, "it goes on writing");
      }

      double rows = value(server, "nv_inference_count{model=\"writer\",version=\"1\"");
      assertTrue(rows < 4_096, "rows computed: " + rows);
    }
  }

  private static double value(RunningServer server, String name) throws Exception {
    return server
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
