package io.tidemill.transport.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.local.JobListener;
import io.tidemill.local.JobReport;
import io.tidemill.local.Members;
import io.tidemill.local.Rendezvous;
import io.tidemill.local.TaskRendezvous;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose tasks and ranks are in several real processes; some are killed. */
@Timeout(240)
final class SpreadJobTest {
  private static final int RECORDS = 20_000;
  private static final int SIGKILL = 128 + 9;

  private final List<Process> started = new ArrayList<>();

  /** Those that run tasks, by worker - 1, of the latest attempt. */
  private final List<Process> members = new ArrayList<>();

  @TempDir Path folder;

  @AfterEach
  void endProcesses() throws InterruptedException {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void aStreamInSeveralProcessesComesToTheRowsOfOne() throws Exception {
    SpreadJob alone = job("alone", "stream", RECORDS, 1);
    alone.run();
    String rows = Files.readString(alone.rows());
    assertTrue(rows.lines().count() > 3000, rows.lines().count() + " rows");

    for (int workers = 2; workers <= 3; workers++) {
      SpreadJob job = job("in-" + workers, "stream", RECORDS, workers);
      job.lead(starter("in-" + workers, "stream", RECORDS, workers), JobListener.NONE);

      assertEquals(rows, Files.readString(job.rows()));
      assertAllLeft("the attempt is over");
    }
  }

  @Test
  void aKilledProcessIsNamedAndTheJobGoesOnInAnotherNumberOfThem() throws Exception {
    int records = 4 * RECORDS;
    SpreadJob alone = job("alone", "train", records, 1);
    JobReport expected = alone.run();
    CompletableFuture<JobReport> attempt = inBackground("killed", records, 3);
    awaitCheckpoint("killed", 3, attempt);
    Process killed = members.get(1);
    killed.destroyForcibly();

    CompletionException ended = assertThrows(CompletionException.class, attempt::join);
    String failure = assertInstanceOf(EngineException.class, ended.getCause()).getMessage();
    assertTrue(
        failure.matches("worker 2 is lost after step \\d+: process " + killed.pid() + " has ended"),
        failure);

    SpreadJob two = job("killed", "train", records, 2);
    JobReport found = two.lead(starter("killed", "train", records, 2), JobListener.NONE);
    assertEquals(expected.weightsSha256(), found.weightsSha256());
    assertEquals(Files.readString(alone.rows()), Files.readString(two.rows()));
  }

  @Test
  void membersOfAKilledLeaderLeaveAndTheJobGoesOn() throws Exception {
    int records = 4 * RECORDS;
    SpreadJob alone = job("alone", "train", records, 1);
    JobReport expected = alone.run();
    Process leader = start("killed", "train", records, 2, "lead");
    CompletableFuture<Void> joined =
        CompletableFuture.runAsync(
            () -> {
              for (String line : (Iterable<String>) leader.inputReader().lines()::iterator) {
                List<String> words = List.of(line.split(" "));
                Process member =
                    start("killed", "train", records, 2, arguments(words.getFirst(), 1, words));
                if (words.getFirst().equals("tasks")) {
                  members.add(member);
                }
              }
            });
    awaitCheckpoint("killed", 3, new CompletableFuture<>());
    leader.destroyForcibly();
    assertEquals(SIGKILL, leader.waitFor());
    joined.join();

    assertAllLeft("the leading process " + leader.pid() + " has ended");
    SpreadJob three = job("killed", "train", records, 3);
    JobReport found = three.lead(starter("killed", "train", records, 3), JobListener.NONE);
    assertEquals(expected.weightsSha256(), found.weightsSha256());
    assertEquals(Files.readString(alone.rows()), Files.readString(three.rows()));
  }

  private SpreadJob job(String name, String kind, int records, int workers) {
    return new SpreadJob(folder.resolve(name), kind, records, workers);
  }

  private CompletableFuture<JobReport> inBackground(String name, int records, int workers) {
    return CompletableFuture.supplyAsync(
        () ->
            job(name, "train", records, workers)
                .lead(starter(name, "train", records, workers), JobListener.NONE),
        command -> Thread.ofPlatform().start(command));
  }

  /** Starts a process for each seat. */
  private Members starter(String name, String kind, int records, int workers) {
    return new Members() {
      @Override
      public void join(Rendezvous place) {
        for (int rank = 1; rank < place.ranks(); rank++) {
          start(
              name, kind, records, workers, arguments("rank", rank, with(SpreadJob.words(place))));
        }
      }

      @Override
      public void joinTasks(TaskRendezvous place) {
        members.clear();
        for (int worker = 1; worker < place.workers(); worker++) {
          String[] words = arguments("tasks", worker, with(SpreadJob.words(place)));
          members.add(start(name, kind, records, workers, words));
        }
      }
    };
  }

  /** As the leading process says it: what it is about, then where. */
  private static List<String> with(List<String> place) {
    List<String> words = new ArrayList<>(List.of(""));
    words.addAll(place);
    return words;
  }

  private static String[] arguments(String what, int number, List<String> told) {
    List<String> words = new ArrayList<>(List.of(what, "" + number));
    words.addAll(told.subList(1, told.size()));
    return words.toArray(String[]::new);
  }

  private Process start(String name, String kind, int records, int workers, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "@" + Path.of("..", "jvm.flags"),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                SpreadJob.class.getName(),
                folder.resolve(name).toString(),
                kind,
                "" + records,
                "" + workers));
    command.addAll(List.of(more));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      synchronized (started) {
        started.add(process);
      }
      return process;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void awaitCheckpoint(String name, int number, CompletableFuture<?> attempt)
      throws Exception {
    Path events = folder.resolve(name).resolve("jobs").resolve(SpreadJob.NAME);
    Path log = events.resolve("events.jsonl");
    while (!(Files.exists(log)
        && Files.readString(log).contains("\"checkpoint\":" + number + ","))) {
      assertThrows(
          TimeoutException.class,
          () -> attempt.get(5, TimeUnit.MILLISECONDS),
          () -> "ended before checkpoint " + number);
    }
  }

  private void assertAllLeft(String why) throws Exception {
    for (int i = 0; i < members.size(); i++) {
      Process member = members.get(i);
      assertTrue(member.waitFor(30, TimeUnit.SECONDS), "still there: worker " + (i + 1));
      assertEquals(0, member.exitValue());
      try (BufferedReader output = member.inputReader()) {
        assertEquals("worker " + (i + 1) + " of job spread leaves: " + why, output.readLine());
      }
    }
  }
}
