package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.link.PeerNetwork;
import io.tidemill.train.GangHosts;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Trainings whose ranks are real processes; some are killed, stopped, or strangers. */
@Timeout(240)
final class GangProcessTest {
  private static final int SIGKILL = 128 + 9;
  private static final long LEAVE_S = 30;

  /** Processes that join, by rank - 1, of the latest attempt. */
  private final List<Process> members = new ArrayList<>();

  private final List<Process> started = new ArrayList<>();

  @TempDir Path folder;

  @AfterEach
  void endProcesses() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dense", "sparse", "skip", "rollback", "pipeline", "tensor"})
  void severalProcessesComeToTheBitsOfOne(String kind) throws Exception {
    JobReport one = new GangJob(folder.resolve("one"), kind, 1).run();
    assertEquals(GangJob.STEPS, one.steps());
    boolean skips = kind.equals("skip") || kind.equals("rollback");
    assertEquals(skips, one.skippedSteps() > 0, one.toString());

    for (int workers = 2; workers <= 3; workers++) {
      GangJob job = new GangJob(folder.resolve("in-" + workers), kind, workers);
      JobReport several = job.lead(here(job(workers, kind)));

      assertSame(one, several);
      assertEquals(workers, several.workers());
      assertAllLeft("the attempt is over");
    }
  }

  @Test
  void allButTheStepsIsDoneByTheLeadingProcess() throws Exception {
    JobReport one = new GangJob(folder.resolve("one"), "blobs", 1).run();
    GangJob job = new GangJob(folder.resolve("in-2"), "blobs", 2);

    JobReport two = job.lead(here(job(2, "blobs")));

    assertSame(one, two);
    assertTrue(one.metrics().get("testAccuracy") > 0.9, one.toString());
    assertEquals(one.metrics(), two.metrics());
    assertEquals("blobs", two.model().orElseThrow().name());
  }

  @Test
  void aKilledMemberIsNamedAndTheJobGoesOnWithAnotherNumberOfProcesses() throws Exception {
    JobReport expected = new GangJob(folder.resolve("undisturbed"), "sparse", 1).run();
    Path state = folder.resolve("killed");
    GangJob three = new GangJob(state, "sparse", 3);
    List<String> lost = new ArrayList<>();
    Starter starter = new Starter(state, "sparse", 3, lost);
    CompletableFuture<JobReport> attempt = inBackground(() -> three.lead(here(starter)));
    awaitCheckpoint(state, 3, attempt);
    Process victim = members.getFirst();
    victim.destroyForcibly();
    assertEquals(SIGKILL, victim.waitFor());

    EngineException failure = failureOf(attempt);

    assertEquals(ErrorCode.RESOURCE, failure.code());
    assertMatches(
        "rank 1 of training net is lost after step \\d+: process " + victim.pid() + " has ended",
        failure.getMessage());
    assertEquals(List.of("1 " + failure.getMessage()), lost);
    assertEquals(0, members.get(1).waitFor(), "the other member");

    GangJob two = new GangJob(state, "sparse", 2);
    assertSame(expected, two.lead(here(new Starter(state, "sparse", 2, lost))));
  }

  @Test
  void membersLeaveByThemselvesWhenTheLeadingProcessIsKilled() throws Exception {
    JobReport expected = new GangJob(folder.resolve("undisturbed"), "dense", 1).run();
    Path state = folder.resolve("killed");
    Process leader = start("lead", state, "dense", 3);
    Path memory;
    try (BufferedReader output = leader.inputReader()) {
      Rendezvous place = GangJob.place(List.of(output.readLine().split(" ")));
      memory = place.memory();
      new Starter(state, "dense", 3, new ArrayList<>()).join(place);
      awaitCheckpoint(state, 3, leader.onExit());
    }
    assertTrue(Files.exists(memory));
    leader.destroyForcibly();
    assertEquals(SIGKILL, leader.waitFor());

    assertAllLeft("the leading process " + leader.pid() + " has ended");
    assertFalse(Files.exists(memory), "memory that nobody uses is left in " + memory);
    assertSame(expected, new GangJob(state, "dense", 1).run());
  }

  @Test
  void aMemberThatSleepsForTooLongIsLostAndHarmsNobodyWhenItWakes() throws Exception {
    JobReport expected = new GangJob(folder.resolve("undisturbed"), "dense", 1).run();
    Path state = folder.resolve("stopped");
    GangJob job = new GangJob(state, "dense", 2);
    CompletableFuture<JobReport> attempt =
        inBackground(
            () -> job.lead(here(job(state, 2, "dense")).withPatience(Duration.ofMillis(400))));
    awaitCheckpoint(state, 3, attempt);
    Process sleeper = members.getFirst();
    signal("STOP", sleeper);

    EngineException failure = failureOf(attempt);

    assertMatches(
        "rank 1 of training net is lost after step \\d+: process "
            + sleeper.pid()
            + " has been silent for \\d+ ms, 400 are allowed",
        failure.getMessage());
    CompletableFuture<JobReport> next =
        inBackground(() -> new GangJob(state, "dense", 2).lead(here(job(state, 2, "dense"))));
    awaitCheckpoint(state, 30, next);
    signal("CONT", sleeper);
    assertSame(expected, next.join());
    assertTrue(sleeper.waitFor(LEAVE_S, TimeUnit.SECONDS), "still there");
    assertEquals(0, sleeper.exitValue());
  }

  @Test
  void aProcessOfAnotherAttemptOrPipelineIsRefused() throws Exception {
    Path state = folder.resolve("state");
    List<String> refusals = new ArrayList<>();
    Starter starter = job(state, 2, "dense");
    Members strangersFirst =
        place -> {
          Path memory = place.memory();
          long generation = place.generation();
          refusals.add(refusal(state, "dense", seat(memory, generation - 1, 2, 1)));
          refusals.add(refusal(state, "sparse", seat(memory, generation, 2, 1)));
          refusals.add(refusal(state, "dense", seat(memory, generation, 3, 1)));
          refusals.add(refusal(state, "dense", seat(memory, generation, 2, 2)));
          Path elsewhere = memory.resolveSibling("nothing.gang");
          refusals.add(refusal(state, "dense", seat(elsewhere, generation, 2, 1)));
          starter.join(place);
        };

    new GangJob(state, "dense", 2).lead(MemberOptions.of(strangersFirst).withFolder(folder));

    assertMatches(
        "a process for job points generation 0 cannot join .*: expected generation 0, found 1",
        refusals.get(0));
    assertMatches(
        "a process for job points generation 1 cannot join .*: expected pipeline \\w{64}, found"
            + " \\w{64}",
        refusals.get(1));
    assertMatches(
        "a process for job points generation 1 cannot join .*: expected ranks 3, found 2",
        refusals.get(2));
    assertMatches(
        "process \\d+ cannot work rank 2 of training net: the training has 2 ranks",
        refusals.get(3));
    assertMatches(
        "there is no gang to join at .*/nothing.gang: its attempt is over, or on another host",
        refusals.get(4));
  }

  @ParameterizedTest
  @CsvSource({"broken, embedding-1: id out of range", "stop, the loss is NaN at step="})
  void whatARankOfAnotherProcessFailsWithIsTheFailureOfTheJob(String kind, String beginning) {
    EngineException alone =
        assertThrows(EngineException.class, new GangJob(folder.resolve("one"), kind, 1)::run);
    assertTrue(alone.getMessage().startsWith(beginning), alone.getMessage());

    Path state = folder.resolve("four");
    GangJob four = new GangJob(state, kind, 4);
    EngineException together =
        assertThrows(EngineException.class, () -> four.lead(here(job(state, 4, kind))));

    assertEquals(alone.getMessage(), together.getMessage());
    assertEquals(alone.code(), together.code());
  }

  @Test
  void aRankThatNobodyJoinsIsNamed() {
    GangJob job = new GangJob(folder.resolve("state"), "dense", 2);
    MemberOptions nobody = here(_ -> {}).withJoinPatience(Duration.ofMillis(100));

    assertEquals(
        "rank 1 of training net is lost after step 0: no process has joined it within 100 ms",
        assertThrows(EngineException.class, () -> job.lead(nobody)).getMessage());
  }

  /** Starts the members of an attempt, and keeps what was lost. */
  private final class Starter implements Members {
    private final Path state;
    private final String kind;
    private final int workers;
    private final List<String> lost;

    Starter(Path state, String kind, int workers, List<String> lost) {
      this.state = state;
      this.kind = kind;
      this.workers = workers;
      this.lost = lost;
    }

    @Override
    public void join(Rendezvous place) {
      members.clear();
      for (int rank = 1; rank < place.ranks(); rank++) {
        List<String> words = new ArrayList<>(List.of("" + rank));
        words.addAll(GangJob.words(place));
        members.add(start("join", state, kind, workers, words.toArray(String[]::new)));
      }
    }

    @Override
    public void lost(int rank, String sentence) {
      lost.add(rank + " " + sentence);
    }
  }

  private Starter job(int workers, String kind) {
    return job(folder.resolve("in-" + workers), workers, kind);
  }

  private Starter job(Path state, int workers, String kind) {
    return new Starter(state, kind, workers, new ArrayList<>());
  }

  private MemberOptions here(Members starter) {
    return MemberOptions.of(starter).withFolder(folder);
  }

  private static GangMember.Seat seat(Path memory, long generation, int ranks, int rank) {
    Rendezvous place = new Rendezvous("net", memory, generation, GangHosts.one(ranks), "", "");
    return GangMember.Seat.of(place, rank, 1);
  }

  private static String refusal(Path state, String kind, GangMember.Seat seat) {
    GangMember stranger = new GangJob(state, kind, 2).join(seat, PeerNetwork.NONE);
    return assertThrows(EngineException.class, stranger::run).getMessage();
  }

  private Process start(String role, Path state, String kind, int workers, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "@" + Path.of("..", "jvm.flags"),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                GangJob.class.getName(),
                role,
                state.toString(),
                kind,
                "" + workers));
    command.addAll(List.of(more));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      started.add(process);
      return process;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void signal(String name, Process process) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start();
    assertEquals(0, kill.waitFor());
  }

  private static CompletableFuture<JobReport> inBackground(Supplier<JobReport> job) {
    return CompletableFuture.supplyAsync(job, command -> Thread.ofPlatform().start(command));
  }

  private static EngineException failureOf(CompletableFuture<JobReport> attempt) {
    CompletionException failed = assertThrows(CompletionException.class, attempt::join);
    return assertInstanceOf(EngineException.class, failed.getCause());
  }

  private void awaitCheckpoint(Path state, int number, CompletableFuture<?> attempt)
      throws Exception {
    Path events = state.resolve("jobs").resolve(GangJob.NAME).resolve("events.jsonl");
    while (!(Files.exists(events)
        && Files.readString(events).contains("\"checkpoint\":" + number + ","))) {
      assertThrows(
          TimeoutException.class,
          () -> attempt.get(5, TimeUnit.MILLISECONDS),
          () -> "ended before checkpoint " + number);
    }
  }

  private void assertAllLeft(String why) throws Exception {
    for (int i = 0; i < members.size(); i++) {
      Process member = members.get(i);
      assertTrue(member.waitFor(LEAVE_S, TimeUnit.SECONDS), "still there: rank " + (i + 1));
      assertEquals(0, member.exitValue());
      try (BufferedReader output = member.inputReader()) {
        assertEquals("rank " + (i + 1) + " of training net leaves: " + why, output.readLine());
      }
    }
  }

  private static void assertSame(JobReport expected, JobReport found) {
    assertEquals(expected.weightsSha256(), found.weightsSha256());
    assertEquals(expected.steps(), found.steps());
    assertEquals(expected.skippedSteps(), found.skippedSteps());
  }

  private static void assertMatches(String pattern, String found) {
    assertTrue(found.matches(pattern), found);
  }
}
