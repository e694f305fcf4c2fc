package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.cli.Tidemill.Outcome;
import io.tidemill.cli.Tidemill.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Real processes that publish, list, verify and serve a model. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServeTest {
  private static final int SIGTERM = 128 + 15;

  private Path folder;
  private Tidemill tidemill;

  @BeforeAll
  void publish(@TempDir Path shared) throws Exception {
    folder = shared;
    tidemill = new Tidemill(folder);
    Outcome outcome = publish("served");
    assertEquals(0, outcome.exit(), outcome.toString());
    assertTrue(outcome.out().contains("next: ./tidemill serve served"), outcome.out().toString());
    assertEquals(0, publish("damaged").exit());
  }

  @Test
  void servesUntilAskedToStopAndPicksUpWhatAnotherProcessPublishes() throws Exception {
    Running server = tidemill.start("serve", "served", "--port", "0");
    server.awaitUntil("the line that says where", () -> text(server.out()).contains("http://"));
    String line = text(server.out()).strip();
    assertTrue(line.startsWith("serving digits v1 at http://127.0.0.1:"), line);
    String url = line.substring(line.indexOf("http://"));
    assertEquals(200, get(url + "/v2/models/digits/versions/1/ready").statusCode());

    publish("served");

    server.awaitUntil("version 2", () -> text(server.err()).contains("serving digits v2"));
    assertEquals(200, get(url + "/v2/models/digits/versions/2/ready").statusCode());
    server.process().destroy();
    assertEquals(SIGTERM, server.await().exit());
  }

  @Test
  void exchangesInWhatItsOwnJobPublishesWhileItTrains() throws Exception {
    Running job =
        tidemill.start(
            "run",
            "digits",
            "steps=1000000",
            "batch=64",
            "--state",
            "swapped",
            "--http",
            "0",
            "--publish-every",
            "20",
            "--keep-versions",
            "2");

    job.awaitUntil("version 4", () -> text(job.err()).contains("serving digits v4"));

    job.process().destroy();
    assertEquals(SIGTERM, job.await().exit());
  }

  @Test
  void listsAndVerifiesWhatIsPublished() throws Exception {
    Outcome table = tidemill.run("models", "--state", "served");
    Outcome json = tidemill.run("models", "--state", "served", "--json");
    Outcome verified =
        tidemill.run("model", "digits", "--version", "1", "verify", "--state", "served");

    assertTrue(table.out().getFirst().startsWith("MODEL   VERSION  CREATED"), table.toString());
    JsonNode first = new ObjectMapper().readTree(json.lastLine()).get(0);
    assertEquals("digits", first.get("name").asText());
    assertEquals(4, first.get("step").asLong());
    assertEquals(0, verified.exit());
    assertTrue(verified.lastLine().contains(first.get("weightsSha256").asText()));
  }

  @Test
  void explainsWhatAModelComputes() throws Exception {
    Outcome explained =
        tidemill.run("model", "digits", "explain", "--rows", "2", "--state", "served");

    assertEquals(0, explained.exit());
    String text = String.join("\n", explained.out());
    assertTrue(text.matches("(?s).*dense-1 +addBiasRelu.*"), text);
    assertTrue(text.contains("parameters  535,818 numbers"), text);
    assertTrue(text.contains("[2, 512]"), text);
  }

  @Test
  void namesTheWeightsThatAreMissing() throws Exception {
    Files.delete(folder.resolve("damaged/models/digits/1/weights.safetensors"));

    for (String directory : new String[] {"damaged", "damaged/models/digits/1"}) {
      Outcome served = tidemill.run("serve", directory, "--port", "0");
      assertEquals(2, served.exit(), served.toString());
      assertTrue(served.onlyError().contains("weights.safetensors"), served.toString());
    }
    Outcome verified = tidemill.run("model", "digits", "verify", "--state", "damaged");
    assertEquals(2, verified.exit(), verified.toString());
    assertTrue(verified.onlyError().contains("weights.safetensors"), verified.toString());
  }

  @Test
  void servesAnOnnxFileAndSaysWhatIsNone() throws Exception {
    Path file =
        Path.of("..", "serving", "src", "test", "resources", "onnx", "jax_mlp.onnx")
            .toAbsolutePath()
            .normalize();
    Files.writeString(folder.resolve("notes.onnx"), "no model\n");

    Running server = tidemill.start("serve", file.toString(), "--port", "0");
    Outcome none = tidemill.run("serve", "notes.onnx", "--port", "0");

    server.awaitUntil("the line that says where", () -> text(server.out()).contains("http://"));
    String line = text(server.out()).strip();
    assertTrue(line.startsWith("serving jax_mlp v1 at http://127.0.0.1:"), line);
    String url = line.substring(line.indexOf("http://"));
    assertTrue(get(url + "/v2/models/jax_mlp").body().contains("onnxruntime_onnx"));
    server.process().destroy();
    assertEquals(SIGTERM, server.await().exit());
    assertEquals(2, none.exit(), none.toString());
    assertTrue(none.onlyError().contains("notes.onnx cannot be served: "), none.toString());
  }

  private Outcome publish(String state) throws Exception {
    return tidemill.run("run", "digits", "steps=4", "batch=16", "--state", state, "--quiet");
  }

  private static HttpResponse<String> get(String url) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
