package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A head and two workers in processes of their own, which are killed while a job runs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String[] JOB = {"digits", "steps=1200"};

  private Path shared;
  private Tidemill tidemill;
  private Tidemill.Running up;
  private String url;
  private ApiClient api;
  private String undisturbed;

  @BeforeAll
  void bringUp(@TempDir Path folder) throws Exception {
    shared = folder.resolve("shared");
    tidemill = new Tidemill(folder);
    undisturbed = weights(tidemill.run(words("run", JOB, "--state", "alone", "--json")));
    int port = freePort();
    url = "http://127.0.0.1:" + port;
    up = tidemill.start("up", "--workers", "2", "--http", "" + port, "--state", "shared");
    up.awaitUntil("the cluster is up", () -> said(up).contains(" are up at "));
    api = new ApiClient(url, Optional.empty());
  }

  @AfterAll
  void takeDown() throws Exception {
    api.close();
    up.process().destroy();
    assertTrue(up.process().waitFor(60, TimeUnit.SECONDS), "up does not end");
  }

  @Test
  void jobOfTheClusterHasTheBitsOfOneProcess() throws Exception {
    assertEquals(undisturbed, weights(submit()));
  }

  @Test
  void killedWorkerChangesNoBit() throws Exception {
    Tidemill.Running submitted = start();
    String id = running(submitted, 1);

    long worker = workerOf(id, 0);
    kill(worker);

    assertEquals(undisturbed, weights(submitted.await()));
    assertEquals(2, job(id).path("attempt").asInt());
    String failure = job(id).path("lastFailure").asText();
    assertTrue(
        failure.endsWith(" was lost: process " + worker + " was ended by SIGKILL (exit code 137)"),
        failure);
  }

  @Test
  void twoProcessesTrainOneJobToTheSameBits() throws Exception {
    Tidemill.Running submitted = start("--workers", "2");
    String id = running(submitted, 1);

    assertNotEquals(workerOf(id, 0), workerOf(id, 1));
    assertEquals(undisturbed, weights(submitted.await()));
    assertEquals(1, job(id).path("attempt").asInt());
  }

  @Test
  void aPipelineOfTwoProcessesHasTheBitsOfOneThatIsNotCut() throws Exception {
    Tidemill.Outcome outcome = start("parallel=pipeline(2)").await();

    assertEquals(undisturbed, weights(outcome));
    assertEquals(
        2, MAPPER.readTree(outcome.lastLine()).path("workers").asInt(), "as many as are declared");
  }

  @Test
  void killedProcessOfOneRankChangesNoBit() throws Exception {
    Tidemill.Running submitted = start("--workers", "2");
    String id = running(submitted, 1);

    kill(workerOf(id, 1));

    assertEquals(undisturbed, weights(submitted.await()));
    // The second may have had one rank; then a third widened it when the process was back.
    int attempts = job(id).path("attempt").asInt();
    assertTrue(attempts == 2 || attempts == 3, "attempts: " + attempts);
  }

  @Test
  void tasksOnTwoProcessesHaveTheBitsOfOneAlsoWhenOneIsKilled() throws Exception {
    String[] keyed = {"fraud", "days=30", "epochs=1"};
    String alone = weights(tidemill.run(words("run", keyed, "--state", "alone", "--json")));
    Tidemill.Running submitted = start(keyed, "--workers", "2");
    submitted.awaitUntil("submitted", () -> !idOf(submitted).isEmpty());
    String id = idOf(submitted);
    submitted.awaitUntil(
        "tasks of worker 1",
        () -> log(id, 1).contains(" worker 1 runs tasks card-features/1, terminal-risk/1\n"));
    JsonNode graph = api.get("/api/jobs/" + id + "/graph");

    kill(workerOf(id, 1));

    assertEquals(alone, weights(submitted.await()));
    JsonNode keyedTasks = byField(graph.path("vertices"), "id", "card-features");
    assertEquals(2, keyedTasks.path("workers").size(), graph.toString());
    assertTrue(log(id, 0).contains(" worker 0 runs tasks transactions/0, "), log(id, 0));
    assertTrue(job(id).path("lastFailure").asText().endsWith(" by SIGKILL (exit code 137)"), id);
  }

  @Test
  void killedHeadComesBackAndTheJobHasNotStopped() throws Exception {
    Tidemill.Running submitted = start();
    String id = running(submitted, 1);

    kill(pid(member -> member.path("role").asText().equals("head")));

    assertEquals(undisturbed, weights(submitted.await()));
    assertEquals(1, job(id).path("attempt").asInt());
  }

  @Test
  void versionsOfARunningJobAreThereOnceEachThoughItsWorkerIsKilled() throws Exception {
    Tidemill.Running submitted = start("--publish-every", "300", "--keep-versions", "99");
    submitted.awaitUntil("submitted", () -> !idOf(submitted).isEmpty());
    String id = idOf(submitted);
    submitted.awaitUntil("a version", () -> !publishedSteps(id).isEmpty());

    kill(workerOf(id, 0));

    assertEquals(undisturbed, weights(submitted.await()));
    assertEquals(List.of(300L, 600L, 900L, 1200L), publishedSteps(id));
  }

  @Test
  void lossOfEveryWorkerEndsNoHeadAndChangesNoBit() throws Exception {
    Tidemill.Running submitted = start();
    running(submitted, 1);
    long head = pid(member -> member.path("role").asText().equals("head"));

    for (JsonNode member : api.get("/api/cluster").path("members")) {
      if (member.path("role").asText().equals("worker")) {
        kill(member.path("pid").asLong());
      }
    }

    assertEquals(undisturbed, weights(submitted.await()));
    assertEquals(head, pid(member -> member.path("role").asText().equals("head")));
  }

  @Test
  void scalingUpAndDownChangesNoBit() throws Exception {
    Tidemill.Running submitted = start();
    String id = running(submitted, 1);

    assertEquals(0, tidemill.run("job", id, "scale", "3", "--head", url).exit());
    assertEquals(3, job(id).path("workers").asInt());
    running(submitted, 2);
    assertEquals(0, tidemill.run("job", id, "scale", "1", "--head", url).exit());

    assertEquals(undisturbed, weights(submitted.await()));
    int attempts = job(id).path("attempt").asInt();
    assertTrue(attempts >= 3, "attempts: " + attempts);
  }

  @Test
  void stoppedWorkerIsReplacedAndItsJobGoesOn() throws Exception {
    Tidemill.Running submitted = start();
    String id = running(submitted, 1);
    long worker = workerOf(id, 0);

    new ProcessBuilder("kill", "-STOP", Long.toString(worker)).start().waitFor();

    assertEquals(undisturbed, weights(submitted.await()));
    assertTrue(ProcessHandle.of(worker).isEmpty(), "the stopped worker was not ended");
  }

  @Test
  void workerThatIsAskedToEndHandsItsJobOverAndLosesNoStep() throws Exception {
    Tidemill.Running submitted = start();
    String id = running(submitted, 1);
    long worker = workerOf(id, 0);
    String name = job(id).path("placement").path(0).asText();

    new ProcessBuilder("kill", "-TERM", Long.toString(worker)).start().waitFor();

    assertEquals(undisturbed, weights(submitted.await()));
    JsonNode job = job(id);
    assertEquals(2, job.path("attempt").asInt());
    assertEquals("worker " + name + " leaves", job.path("lastFailure").asText());
  }

  @Test
  void savepointIsKeptAndResumedFromToTheSameBits() throws Exception {
    Tidemill.Running submitted = start("--workers", "2");
    String id = running(submitted, 1);

    assertGraphOfTwoWorkers(api.get("/api/jobs/" + id + "/graph"));
    JsonNode savepoint =
        MAPPER.readTree(tidemill.run("job", id, "savepoint", "--json", "--head", url).lastLine());
    assertEquals(0, tidemill.run("job", id, "cancel", "--head", url).exit());
    long number = savepoint.path("checkpoint").asLong();
    assertTrue(Files.exists(Path.of(savepoint.path("path").asText(), "savepoint")), id);
    assertTrue(savepoint.path("step").asLong() > 0, savepoint.toString());

    assertEquals(
        "tidemill: job %s is CANCELLED: it has to be RUNNING for that".formatted(id),
        tidemill.run("job", id, "savepoint", "--head", url).onlyError());
    assertTrue(
        tidemill
            .run("job", id, "resume", "--from", "99", "--head", url)
            .onlyError()
            .startsWith("tidemill: job %s has no checkpoint 99; there is [".formatted(id)));
    Tidemill.Outcome resumed =
        tidemill.run("job", id, "resume", "--from", "" + number, "--head", url);
    assertEquals(0, resumed.exit(), resumed.toString());
    up.awaitUntil(
        "the resumed job is done", () -> job(id).path("state").asText().equals("FINISHED"));
    assertEquals(undisturbed, job(id).path("report").path("weightsSha256").asText());
    assertTrue(
        tidemill
            .run("job", id, "logs", "--rank", "1", "--tail", "300", "--head", url)
            .lastLine()
            .endsWith(" rank 1 of training classifier leaves: the attempt is over"));
  }

  @Test
  void badSubmissionsAreOneSentence() throws Exception {
    assertEquals(
        "tidemill: unknown example \"digtis\"; expected one of chargpt, digits, fraud, recommend,"
            + " or FILE.jar[!Class]",
        tidemill.run("submit", "digtis", "--head", url).onlyError());
    Tidemill.Outcome unknownKey = tidemill.run("submit", "digits", "stpes=3", "--head", url);
    assertEquals(2, unknownKey.exit());
    assertTrue(unknownKey.onlyError().contains("stpes"), unknownKey.toString());
    assertEquals(
        "tidemill: there is no job nobody-1",
        tidemill.run("job", "nobody-1", "status", "--head", url).onlyError());
  }

  @Test
  void jobForWhichThereAreNotEnoughSlotsWaitsAndCanBeCancelled() throws Exception {
    String id = tidemill.run(words("submit", JOB, "--workers", "9", "--head", url)).lastLine();

    JsonNode job = job(id);
    assertEquals("QUEUED", job.path("state").asText());
    assertTrue(
        job.path("reason").asText().startsWith("waits for slots: needs 9, "), job.toString());
    assertEquals(0, tidemill.run("job", id, "cancel", "--head", url).exit());
    assertEquals("CANCELLED", job(id).path("state").asText());
  }

  private static void assertGraphOfTwoWorkers(JsonNode graph) {
    String text = graph.toString();
    JsonNode training = byField(graph.path("vertices"), "kind", "training");
    assertEquals(2, training.path("parallelism").asInt(), text);
    assertEquals(2, training.path("workers").size(), text);
    JsonNode source = byField(graph.path("vertices"), "kind", "source");
    assertEquals(1, source.path("workers").size(), text);
    assertTrue(source.path("recordsRead").asLong() > 1000, text);
    JsonNode toTraining = byField(graph.path("edges"), "to", training.path("id").asText());
    assertTrue(toTraining.path("records").asLong() > 1000, text);
    assertTrue(toTraining.path("capacity").asLong() >= 1024, text);
  }

  private static JsonNode byField(JsonNode array, String field, String value) {
    for (JsonNode one : array) {
      if (one.path(field).asText().equals(value)) {
        return one;
      }
    }
    throw new AssertionError("nothing with " + field + "=" + value + " in " + array);
  }

  private Tidemill.Outcome submit() throws Exception {
    return start().await();
  }

  private Tidemill.Running start(String... options) throws IOException {
    return start(JOB, options);
  }

  private Tidemill.Running start(String[] job, String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--head", url, "--wait", "--json", "--quiet"));
    return tidemill.start(words("submit", job, all.toArray(String[]::new)));
  }

  /** The job that was submitted, once a step of that attempt is done. */
  private String running(Tidemill.Running submitted, int attempt) throws Exception {
    submitted.awaitUntil("submitted", () -> !idOf(submitted).isEmpty());
    String id = idOf(submitted);
    submitted.awaitUntil(
        "a step of attempt " + attempt,
        () -> {
          JsonNode job = job(id);
          return job.path("attempt").asInt() >= attempt
              && job.path("progress").path("step").asLong() > 0;
        });
    return id;
  }

  static String idOf(Tidemill.Running submitted) {
    return read(submitted.err())
        .lines()
        .filter(line -> line.endsWith(" is submitted"))
        .map(line -> line.split(" ", -1)[2])
        .findFirst()
        .orElse("");
  }

  private List<Long> publishedSteps(String id) {
    return ModelStore.in(shared).list("digits").stream()
        .map(version -> version.description().lineage())
        .filter(lineage -> lineage.job().equals(id))
        .map(Lineage::step)
        .sorted()
        .toList();
  }

  /** What a rank of a job has said; nothing before it has. */
  private String log(String id, int rank) {
    Path file = shared.resolve("jobs/" + id + "/logs/rank-" + rank + ".log");
    return Files.exists(file) ? read(file) : "";
  }

  private JsonNode job(String id) {
    return api.get("/api/jobs/" + id);
  }

  private long workerOf(String id, int rank) {
    String name = job(id).path("placement").path(rank).asText();
    return pid(member -> member.path("id").asText().equals(name));
  }

  private long pid(Predicate<JsonNode> which) {
    for (JsonNode member : api.get("/api/cluster").path("members")) {
      if (which.test(member)) {
        return member.path("pid").asLong();
      }
    }
    throw new AssertionError("no such member");
  }

  private static void kill(long pid) {
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
  }

  private static String weights(Tidemill.Outcome outcome) throws IOException {
    assertEquals(0, outcome.exit(), outcome.toString());
    String hash = MAPPER.readTree(outcome.lastLine()).path("weightsSha256").asText();
    assertNotEquals("", hash);
    return hash;
  }

  private static String said(Tidemill.Running running) {
    return read(running.out());
  }

  static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String[] words(String command, String[] job, String... options) {
    List<String> words = new ArrayList<>(List.of(command));
    words.addAll(List.of(job));
    words.addAll(List.of(options));
    return words.toArray(String[]::new);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
