package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.cluster.client.ApiClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes in processes of their own, with certificates and without. */
class TlsTest {
  private static final Path FILES = Tidemill.ROOT.resolve("cluster/src/test/resources/tls");

  /** Who is not let in gives up sooner than after half a minute. */
  private static final String HASTY =
      "-Dpekko.cluster.shutdown-after-unsuccessful-join-seed-nodes=3s";

  @TempDir Path folder;
  private Tidemill tidemill;
  private final List<Tidemill.Running> nodes = new ArrayList<>();

  @BeforeEach
  void writeConfigurations() throws IOException {
    tidemill = new Tidemill(folder);
    configure("node", "authority");
    configure("stranger", "other-authority");
  }

  @AfterEach
  void endNodes() throws Exception {
    for (Tidemill.Running node : nodes.reversed()) {
      node.process().destroy();
      node.process().waitFor();
    }
  }

  @Test
  void nodesOfOneAuthorityFormAClusterAndNobodyElseGetsIn() throws Exception {
    Tidemill.Running head = node("head", "--http", "0", "--config", "node.properties");
    head.awaitUntil("the head", () -> ClusterTest.read(head.out()).contains(" answers at "));
    String[] said = ClusterTest.read(head.out()).strip().split(" ", -1);
    String address = said[1];
    String url = said[4];
    node("worker", "--join", address, "--config", "node.properties");
    Tidemill.Running plain = hastyNode("--join", address);
    Tidemill.Running stranger = hastyNode("--join", address, "--config", "stranger.properties");

    String[] job = {"submit", "digits", "steps=20", "--wait", "--quiet", "--head", url};
    Tidemill.Outcome outcome = tidemill.run(job);

    assertEquals(0, outcome.exit(), outcome.toString());
    String refusal =
        "tidemill: none of %s has let this node into the cluster: expected one that can be reached there, "
            .formatted(address);
    assertRefused(
        refusal
            + "without --tls-cert; where it was started with one, this node needs one of the same"
            + " authority",
        plain);
    assertRefused(
        refusal
            + "with --tls-cert of the same authority (--tls-ca) and of a name (CN or DNS) that this"
            + " node's has too",
        stranger);
    try (ApiClient api = new ApiClient(url, Optional.empty())) {
      assertEquals(2, api.get("/api/cluster").path("members").size());
    }
  }

  @Test
  void wrongFilesAreOneSentenceBeforeAnythingStarts() throws Exception {
    Tidemill.Outcome missing =
        tidemill.run("head", "--config", "node.properties", "--tls-cert", "nobody.pem");
    Path key = FILES.resolve("stranger.key");
    Tidemill.Outcome other =
        tidemill.run(
            "worker", "--join", "h:1", "--config", "node.properties", "--tls-key", "" + key);

    assertEquals(2, missing.exit());
    assertEquals(
        "tidemill: --tls-cert %s does not exist: expected a file in PEM"
            .formatted(folder.toRealPath().resolve("nobody.pem")),
        missing.onlyError());
    assertEquals(2, other.exit());
    assertTrue(
        other.onlyError().startsWith("tidemill: --tls-key " + key + " is not the key of "),
        other.toString());
    assertFalse(Files.exists(folder.resolve(JobArguments.DEFAULT_STATE)));
  }

  private static void assertRefused(String sentence, Tidemill.Running node) throws Exception {
    Tidemill.Outcome outcome = node.await();
    assertEquals(1, outcome.exit(), outcome.toString());
    assertTrue(outcome.err().contains(sentence), outcome.toString());
  }

  private Tidemill.Running node(String... words) throws IOException {
    return started(Tidemill.command(words));
  }

  private Tidemill.Running hastyNode(String... options) throws IOException {
    List<String> words = new ArrayList<>(List.of("worker"));
    words.addAll(List.of(options));
    List<String> command = new ArrayList<>(Tidemill.command(words.toArray(String[]::new)));
    command.add(1, HASTY);
    return started(command);
  }

  private Tidemill.Running started(List<String> command) throws IOException {
    Tidemill.Running node = tidemill.start(command);
    nodes.add(node);
    return node;
  }

  private void configure(String name, String authority) throws IOException {
    Files.writeString(
        folder.resolve(name + ".properties"),
        """
        tls-cert=%s/%s.pem
        tls-key=%s/%s.key
        tls-ca=%s/%s.pem
        """
            .formatted(FILES, name, FILES, name, FILES, authority));
  }
}
