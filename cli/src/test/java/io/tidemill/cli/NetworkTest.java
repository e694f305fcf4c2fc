package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.benchmarks.network.Network;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.error.EngineException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A cluster whose nodes are on hosts of their own, which a network joins that is not perfect. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NetworkTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String TOKEN = "network-test";
  private static final String PORT = "7400";
  private static final String HTTP = "8080";
  private static final List<String> JOB = List.of("digits", "steps=500");

  private Tidemill tidemill;
  private String undisturbed;
  private Network network;
  private final List<Tidemill.Running> nodes = new ArrayList<>();
  private int clusters;

  @BeforeAll
  void prepare(@TempDir Path folder) throws Exception {
    Optional<String> impossible = Network.impossible();
    Assumptions.assumeTrue(impossible.isEmpty(), () -> impossible.orElse(""));
    tidemill = new Tidemill(folder);
    List<String> alone = new ArrayList<>(List.of("run"));
    alone.addAll(JOB);
    alone.addAll(List.of("--state", "alone", "--json"));
    undisturbed = weights(tidemill.run(alone.toArray(String[]::new)));
    network = new Network();
    for (int host = 0; host < 4; host++) {
      network.addHost();
    }
  }

  @AfterEach
  void endNodes() throws Exception {
    for (Tidemill.Running node : nodes) {
      node.process().destroy();
    }
    for (Tidemill.Running node : nodes) {
      assertTrue(node.process().waitFor(60, TimeUnit.SECONDS), "a node does not end");
    }
    nodes.clear();
  }

  @AfterAll
  void removeNetwork() throws IOException {
    if (network != null) {
      network.close();
    }
  }

  @Test
  void hostsTrainTogetherToTheBitsOfOneProcessThoughPacketsAreLost() throws Exception {
    head(1);
    worker(2);
    worker(3);
    String weather = network.spoil(2);
    try (ApiClient api = api(1)) {
      awaitMembers(api, 3);

      Tidemill.Running job = submit(1);
      String id = running(api, job, 1);

      assertEquals("1+1", api.get("/api/jobs/" + id).path("hosts").asText());
      assertEquals(undisturbed, weights(job.await()));
      assertOneAttemptOrSilence(api.get("/api/jobs/" + id));
      assertTrue(network.dropped(2) > 0, "no packet was lost, so nothing is shown: " + weather);
    }
  }

  @Test
  void workerThatIsCutOffStopsAndTheJobGoesOnWithoutIt() throws Exception {
    head(1);
    worker(2);
    Tidemill.Running lonely = worker(3);
    try (ApiClient api = api(1)) {
      awaitMembers(api, 3);
      Tidemill.Running job = submit(1);
      String id = running(api, job, 1);

      network.cut(3);
      assertTrue(lonely.process().waitFor(60, TimeUnit.SECONDS), "the smaller side goes on");
      network.heal(3);
      worker(4);

      assertEquals(undisturbed, weights(job.await()));
      assertTrue(api.get("/api/jobs/" + id).path("attempt").asInt() > 1);
    }
  }

  @Test
  void headThatIsCutOffStopsAnotherTakesOverAndTrainingDoesNotStop() throws Exception {
    Tidemill.Running first = head(1);
    worker(2);
    worker(3);
    try (ApiClient before = api(1)) {
      awaitMembers(before, 3);
      head(4, 1);
      awaitMembers(before, 4);
      Tidemill.Running job = submit(4);
      String id = running(before, job, 1);

      network.cut(1);
      assertTrue(first.process().waitFor(60, TimeUnit.SECONDS), "two heads act");
      Tidemill.Running again = head(1, 4);

      assertEquals(undisturbed, weights(job.await()));
      try (ApiClient after = api(4)) {
        assertOneAttemptOrSilence(after.get("/api/jobs/" + id));
        assertTrue(again.process().waitFor(90, TimeUnit.SECONDS), "it founds a second cluster");
        assertEquals(2, after.get("/api/cluster").path("epoch").asInt());
      }
    } finally {
      network.heal(1);
    }
  }

  /** Ranks that a busy machine keeps silent for too long are no matter of what is tested here. */
  private static void assertOneAttemptOrSilence(JsonNode job) {
    String failure = job.path("lastFailure").asText();
    assertTrue(
        job.path("attempt").asInt() == 1 || failure.contains("has been silent for"), failure);
  }

  private Tidemill.Running head(int host, int... seeds) throws Exception {
    if (seeds.length == 0) {
      clusters++;
    }
    List<String> words = new ArrayList<>(List.of("head", "--port", PORT, "--http", HTTP));
    words.addAll(List.of("--http-host", network.address(host)));
    if (seeds.length > 0) {
      words.addAll(List.of("--join", network.address(seeds[0]) + ":" + PORT));
    }
    return node(host, words);
  }

  private Tidemill.Running worker(int host) throws Exception {
    return node(host, List.of("worker", "--slots", "1", "--join", network.address(1) + ":" + PORT));
  }

  private Tidemill.Running node(int host, List<String> words) throws Exception {
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of("--host", network.address(host), "--state", "shared-" + clusters));
    Tidemill.Running node = on(host, all);
    nodes.add(node);
    return node;
  }

  private Tidemill.Running submit(int host) throws Exception {
    List<String> words = new ArrayList<>(List.of("submit"));
    words.addAll(JOB);
    words.addAll(List.of("--workers", "2", "--wait", "--json", "--quiet"));
    words.addAll(List.of("--head", "http://" + network.address(host) + ":" + HTTP));
    return on(host, words);
  }

  private Tidemill.Running on(int host, List<String> words) throws Exception {
    List<String> command = new ArrayList<>(List.of("env", "TIDEMILL_TOKEN=" + TOKEN));
    command.addAll(Tidemill.command(words.toArray(String[]::new)));
    return tidemill.start(network.on(host, command));
  }

  private ApiClient api(int host) {
    return new ApiClient("http://" + network.address(host) + ":" + HTTP, Optional.of(TOKEN));
  }

  private void awaitMembers(ApiClient api, int count) throws Exception {
    nodes
        .getFirst()
        .awaitUntil(
            count + " members",
            () -> {
              try {
                JsonNode members = api.get("/api/cluster").path("members");
                return members.size() == count;
              } catch (EngineException e) {
                return false; // not yet
              }
            });
  }

  /** The job that was submitted, once a step of that attempt is done. */
  private static String running(ApiClient api, Tidemill.Running submitted, int attempt)
      throws Exception {
    submitted.awaitUntil("submitted", () -> !ClusterTest.idOf(submitted).isEmpty());
    String id = ClusterTest.idOf(submitted);
    submitted.awaitUntil(
        "a step of attempt " + attempt,
        () -> {
          JsonNode job = api.get("/api/jobs/" + id);
          return job.path("attempt").asInt() >= attempt
              && job.path("progress").path("step").asLong() > 0;
        });
    return id;
  }

  /** What the nodes have said. */
  private List<String> said() {
    return nodes.stream()
        .map(node -> node.process().isAlive() + " " + ClusterTest.read(node.err()))
        .toList();
  }

  private String weights(Tidemill.Outcome outcome) throws IOException {
    assertEquals(0, outcome.exit(), outcome + " " + said());
    String hash = MAPPER.readTree(outcome.lastLine()).path("weightsSha256").asText();
    assertFalse(hash.isEmpty());
    return hash;
  }
}
