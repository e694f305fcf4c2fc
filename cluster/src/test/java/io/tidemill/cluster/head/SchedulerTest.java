package io.tidemill.cluster.head;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.cluster.job.Assignment;
import io.tidemill.cluster.job.AttemptStatus;
import io.tidemill.cluster.job.AttemptStatus.Reached;
import io.tidemill.cluster.job.AttemptStatus.State;
import io.tidemill.cluster.job.HostProcess;
import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.JobSpec;
import io.tidemill.cluster.job.JobStatus;
import io.tidemill.cluster.job.JobStore;
import io.tidemill.cluster.job.ProcessEnd;
import io.tidemill.cluster.job.ProcessEnds;
import io.tidemill.cluster.job.Seat;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.error.EngineException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchedulerTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  /** On a host of its own, so that nobody looks for the process. */
  private static final HostProcess ELSEWHERE = new HostProcess("another-host", 1, 0);

  @TempDir Path state;
  private Scheduler scheduler;

  @BeforeEach
  void open() {
    scheduler = new Scheduler(new JobStore(state), new ProcessEnds(state), 0);
  }

  @Test
  void jobGoesToWorkerWithMostFreeSlotsAndIsDoneWhenThatSaysSo() {
    scheduler.report(worker("a", 1), List.of(), 0);
    scheduler.report(worker("b", 2), List.of(), 0);

    Job job = submit("digits", 1);

    assertEquals("digits-1", job.id());
    assertEquals(JobStatus.RUNNING, job.status());
    assertEquals(List.of("b"), job.placement());
    assertEquals(
        List.of(new Assignment("digits-1", 1, job.spec(), false, "1", "f00", 0, Optional.empty())),
        scheduler.assignments("b"));

    scheduler.report(worker("b", 2), List.of(attempt("digits-1", 1, State.FINISHED, 9, "{}")), 1);

    assertEquals(JobStatus.FINISHED, job("digits-1").status());
    assertEquals("{}", job("digits-1").report());
    assertEquals(List.of(), scheduler.assignments("b"));
  }

  @Test
  void ranksAreSpreadOverWorkers() {
    scheduler.report(worker("a", 2), List.of(), 0);
    scheduler.report(worker("b", 2), List.of(), 0);

    assertEquals(List.of("a", "b", "a"), submit("digits", 3).placement());
  }

  @Test
  void jobWithMoreWorkersThanSlotsWaitsAndSaysWhyWhileSmallerOnesRun() {
    scheduler.report(worker("a", 2), List.of(), 0);

    assertEquals(JobStatus.QUEUED, submit("digits", 3).status());
    assertEquals("waits for slots: needs 3, 2 of 2 are free", job("digits-1").reason());
    assertEquals(JobStatus.RUNNING, submit("digits", 2).status());
    assertEquals("waits for slots: needs 3, 2 of 2 are free", job("digits-1").reason());

    scheduler.report(worker("b", 3), List.of(), 0);

    assertEquals(List.of("b", "b", "b"), job("digits-1").placement());
  }

  @Test
  void jobOfLostWorkerGoesOnElsewhereFromItsCheckpoint() {
    scheduler.report(worker("a", 2), List.of(), 0);
    submit("digits", 1);
    scheduler.report(worker("a", 2), List.of(attempt("digits-1", 1, State.RUNNING, 0, "")), 0);
    scheduler.report(worker("a", 2), List.of(attempt("digits-1", 1, State.RUNNING, 5, "")), 0);

    scheduler.memberGone("10.0.0.1:a", "its heartbeat was lost");

    assertEquals(JobStatus.QUEUED, job("digits-1").status());
    assertEquals(1, job("digits-1").restarts());
    scheduler.report(worker("b", 1), List.of(), 0);
    assertEquals(
        List.of(
            new Assignment(
                "digits-1", 2, job("digits-1").spec(), true, "1", "f00", 0, Optional.empty())),
        scheduler.assignments("b"));
  }

  @Test
  void reportOfAttemptThatWasReplacedIsRefusedAndCounted() {
    scheduler.report(worker("a", 2), List.of(), 0);
    submit("digits", 1);
    scheduler.memberGone("10.0.0.1:a", "its heartbeat was lost");
    scheduler.report(worker("b", 1), List.of(), 0);

    AttemptStatus stale = attempt("digits-1", 1, State.FINISHED, 9, "{\"stale\":true}");
    scheduler.report(worker("a", 2), List.of(stale), 1);

    assertEquals(JobStatus.RUNNING, job("digits-1").status());
    assertEquals(1, scheduler.refused());
  }

  @Test
  void jobThatKillsItsWorkersIsGivenUp() {
    scheduler.report(worker("w0", 1), List.of(), 0);
    submit("digits", 1);
    for (int i = 0; i < Scheduler.MOST_FRUITLESS; i++) {
      assertEquals(JobStatus.RUNNING, job("digits-1").status(), "attempt " + (i + 1));
      scheduler.memberGone("10.0.0.1:w" + i, "its heartbeat was lost");
      scheduler.report(worker("w" + (i + 1), 1), List.of(), 0);
    }

    assertEquals(JobStatus.FAILED, job("digits-1").status());
    assertEquals(
        "given up after 5 attempts without a step; of the last: worker name-w4 was lost:"
            + " its heartbeat was lost",
        job("digits-1").reason());
  }

  @Test
  void otherRanksJoinOnTheirWorkersOnceTheLeadingOneHasMadeSeats() {
    scheduler.report(worker("a", 1), List.of(), 0);
    scheduler.report(worker("b", 1), List.of(), 0);
    Job job = submit("digits", 2);
    assertEquals(List.of(), scheduler.assignments("b"));

    Seat seat = new Seat("net", "/dev/shm/x", 1, "2", 0, "", "");
    scheduler.report(
        worker("a", 1),
        List.of(
            new AttemptStatus("digits-1", 1, 0, State.RUNNING, Reached.NONE, List.of(seat), "")),
        1);

    assertEquals(
        List.of(new Assignment("digits-1", 1, job.spec(), false, "2", "f00", 1, Optional.of(seat))),
        scheduler.assignments("b"));
    scheduler.memberGone("10.0.0.1:b", "its heartbeat was lost");
    List<Assignment> next = scheduler.assignments("a");
    assertEquals(1, next.size(), "the ranks of the attempt before are told to leave");
    assertEquals(2, next.getFirst().attempt());
  }

  @Test
  void ranksGoToOneHostWhereThereIsRoomForAllElseToAsFewAsItTakes() {
    HostProcess third = new HostProcess("third-host", 1, 0);
    scheduler.report(worker("a", 1), List.of(), 0);
    scheduler.report(worker("b", 1), List.of(), 0);
    scheduler.report(worker("c", 3, third), List.of(), 0);

    Job three = submit("digits", 3);
    assertEquals(List.of("c", "c", "c"), three.placement());
    assertEquals("3", three.hosts());
    scheduler.cancel("digits-1");

    Job four = submit("digits", 4);
    assertEquals(List.of("c", "c", "c", "a"), four.placement());
    assertEquals("3+1", four.hosts());
    assertEquals(List.of(), scheduler.assignments("a"), "before the leading process has a seat");
    assertEquals("3+1", scheduler.assignments("c").getFirst().hosts());
  }

  @Test
  void attemptThatLostRankIsTriedAgain() {
    scheduler.report(worker("a", 1), List.of(), 0);
    submit("digits", 1);

    scheduler.report(
        worker("a", 1), List.of(attempt("digits-1", 1, State.INTERRUPTED, 3, "rank 1 is gone")), 1);

    assertEquals(JobStatus.RUNNING, job("digits-1").status());
    assertEquals(2, job("digits-1").attempt());
    assertEquals(1, job("digits-1").restarts());
  }

  @Test
  void newHeadKnowsAllJobsAndLeavesThemWhereTheyRun() {
    scheduler.report(worker("a", 2), List.of(), 0);
    submit("digits", 1);
    submit("fraud", 4);

    Scheduler next = new Scheduler(new JobStore(state), new ProcessEnds(state), 0);
    next.tick(Scheduler.SETTLE_NS);
    next.report(
        worker("a", 2), List.of(attempt("digits-1", 1, State.RUNNING, 7, "")), Scheduler.SETTLE_NS);
    next.tick(Scheduler.SETTLE_NS + 1);

    assertEquals(JobStatus.RUNNING, next.view("digits-1").job().status());
    assertEquals(1, next.view("digits-1").job().attempt());
    assertEquals(7, next.view("digits-1").live().orElseThrow().progress().step());
    assertEquals(JobStatus.QUEUED, next.view("fraud-1").job().status());
  }

  @Test
  void newHeadStartsAgainWhatNoWorkerReports() {
    scheduler.report(worker("a", 2), List.of(), 0);
    submit("digits", 1);

    Scheduler next = new Scheduler(new JobStore(state), new ProcessEnds(state), 0);
    next.report(worker("b", 2), List.of(), SECOND);
    next.tick(Scheduler.SETTLE_NS);
    assertEquals(List.of("a"), next.view("digits-1").job().placement());

    next.tick(Scheduler.SETTLE_NS + 1);

    assertEquals(List.of("b"), next.view("digits-1").job().placement());
    assertEquals(2, next.view("digits-1").job().attempt());
  }

  @Test
  void scaledJobTakesACheckpointAndGoesOnAsAnotherAttempt() {
    scheduler.report(worker("a", 3), List.of(), 0);
    submit("digits", 1);
    scheduler.report(worker("a", 3), List.of(attempt("digits-1", 1, State.RUNNING, 4, "")), 0);

    assertEquals(3, scheduler.scale("digits-1", 3).spec().workers());
    assertEquals(Map.of(), scheduler.yielding("a"), "before it has done a step");
    scheduler.report(worker("a", 3), List.of(attempt("digits-1", 1, State.RUNNING, 5, "")), 0);
    String why = "goes on with 3 workers, after 1";
    assertEquals(Map.of("digits-1", why), scheduler.yielding("a"));
    scheduler.report(worker("a", 3), List.of(attempt("digits-1", 1, State.INTERRUPTED, 6, why)), 0);

    Job scaled = job("digits-1");
    assertEquals("3", scaled.hosts());
    assertEquals(2, scaled.attempt());
    assertEquals(0, scaled.restarts());
    assertTrue(scheduler.assignments("a").getFirst().isResume());
  }

  @Test
  void scaledJobIsLedAgainByTheWorkerThatHandedItOver() {
    scheduler.report(worker("a", 1), List.of(), 0);
    scheduler.report(worker("b", 1), List.of(), 0);
    submit("other", 1);
    submit("digits", 1);
    assertEquals(List.of("b"), job("digits-1").placement());
    scheduler.cancel("other-1");

    handOver("b", 1, 2);
    assertEquals(List.of("b", "a"), job("digits-1").placement());

    Scheduler before = scheduler;
    scheduler = new Scheduler(new JobStore(state), new ProcessEnds(state), 0);
    before.workers().forEach(worker -> scheduler.report(worker, List.of(), 0));
    handOver("b", 2, 1);
    assertEquals(List.of("b"), job("digits-1").placement(), "a new head knows who led it");
  }

  @Test
  void jobOfWorkerThatLeavesStaysOnItsHost() {
    scheduler.report(worker("b", 1), List.of(), 0);
    scheduler.report(worker("c", 1), List.of(), 0);
    submit("digits", 1);
    scheduler.report(worker("a", 3, new HostProcess("third-host", 1, 0)), List.of(), 0);

    scheduler.leaving("b");
    AttemptStatus yielded = attempt("digits-1", 1, State.INTERRUPTED, 3, "worker name-b leaves");
    scheduler.report(worker("b", 1), List.of(yielded), 1);

    assertEquals(List.of("c"), job("digits-1").placement());
  }

  @Test
  void jobIsLedOnItsHostAgainWhereThatTakesNoMoreHosts() {
    HostProcess third = new HostProcess("third-host", 1, 0);
    scheduler.report(worker("a", 1), List.of(), 0);
    submit("digits", 1);
    scheduler.report(worker("b", 3, third), List.of(), 0);

    handOver("a", 1, 4);
    assertEquals(List.of("a", "b", "b", "b"), job("digits-1").placement());
    assertEquals("1+3", job("digits-1").hosts());

    handOver("a", 2, 3);
    assertEquals(List.of("b", "b", "b"), job("digits-1").placement());
  }

  @Test
  void jobThatLostWorkersGoesOnWithThoseLeftAndIsWidenedWhenOneJoins() {
    scheduler.report(worker("a", 1), List.of(), 0);
    scheduler.report(worker("b", 1), List.of(), 0);
    submit("digits", 2);

    scheduler.memberGone("10.0.0.1:b", "its heartbeat was lost");

    assertEquals(List.of("a"), job("digits-1").placement());
    assertEquals("1", job("digits-1").hosts());
    scheduler.report(worker("a", 1), List.of(attempt("digits-1", 2, State.RUNNING, 7, "")), 0);
    scheduler.report(worker("a", 1), List.of(attempt("digits-1", 2, State.RUNNING, 8, "")), 0);
    assertEquals(Map.of(), scheduler.yielding("a"), "there is no room");

    scheduler.report(worker("c", 1), List.of(), 0);
    String why = "goes on with 2 workers, after 1";
    assertEquals(Map.of("digits-1", why), scheduler.yielding("a"));
    scheduler.report(worker("a", 1), List.of(attempt("digits-1", 2, State.INTERRUPTED, 9, why)), 0);

    assertEquals(List.of("a", "c"), job("digits-1").placement());
    assertEquals(3, job("digits-1").attempt());
    assertEquals(1, job("digits-1").restarts());
  }

  @Test
  void cancelledJobCanBeResumedAndFinishedOneCannot() {
    scheduler.report(worker("a", 1), List.of(), 0);
    submit("digits", 1);

    assertEquals(JobStatus.CANCELLED, scheduler.cancel("digits-1").status());
    assertEquals(List.of(), scheduler.assignments("a"));
    assertEquals(2, scheduler.resume("digits-1").attempt());

    scheduler.report(worker("a", 1), List.of(attempt("digits-1", 2, State.FINISHED, 9, "{}")), 1);
    assertEquals(
        "job digits-1 is FINISHED: it cannot be resumed",
        assertThrows(EngineException.class, () -> scheduler.resume("digits-1")).getMessage());
  }

  @Test
  void failureOfTheJobItselfIsNotTriedAgain() {
    scheduler.report(worker("a", 1), List.of(), 0);
    submit("digits", 1);

    scheduler.report(
        worker("a", 1), List.of(attempt("digits-1", 1, State.FAILED, 3, "the loss is NaN")), 1);

    assertEquals(JobStatus.FAILED, job("digits-1").status());
    assertEquals("the loss is NaN", job("digits-1").reason());
  }

  @Test
  void unknownJobIsNamed() {
    assertEquals(
        "there is no job digits-9; there are none",
        assertThrows(EngineException.class, () -> scheduler.cancel("digits-9")).getMessage());
  }

  @Test
  void endedProcessOnThisHostIsLostAtOnceAndSilentOneIsEnded() throws Exception {
    Process silent = process();
    Process ended = process();
    WorkerInfo first = worker("first", 1, hostProcess(ended));
    WorkerInfo second = worker("second", 1, hostProcess(silent));
    scheduler.report(first, List.of(), 0);
    scheduler.report(second, List.of(), 0);
    submit("digits", 1);
    submit("digits", 1);

    ended.destroyForcibly().waitFor();
    scheduler.tick(1);

    assertEquals(List.of(second), scheduler.workers());
    assertEquals(JobStatus.QUEUED, job("digits-1").status());
    assertEquals(JobStatus.RUNNING, job("digits-2").status());

    scheduler.tick(Scheduler.SILENCE_NS + 1);

    assertEquals(List.of(), scheduler.workers());
    assertTrue(silent.waitFor(10, TimeUnit.SECONDS), "the silent process still lives");
    assertFalse(silent.isAlive());
  }

  @Test
  void howProcessEndedIsSaidAsSoonAsItsParentHasSaidSo() throws Exception {
    Process process = process();
    WorkerInfo worker = worker("a", 1, hostProcess(process));
    scheduler.report(worker, List.of(), 0);
    submit("digits", 1);

    process.destroyForcibly().waitFor();
    scheduler.tick(1);
    assertEquals(
        "worker name-a was lost: process %d has ended".formatted(process.pid()),
        job("digits-1").lastFailure());
    scheduler.report(worker("b", 1), List.of(), 2);
    new ProcessEnds(state)
        .put("name-a", new ProcessEnd(process.pid(), worker.process().startedMs(), 137));
    scheduler.tick(3);

    assertEquals(JobStatus.RUNNING, job("digits-1").status());
    assertEquals(
        "worker name-a was lost: process %d was ended by SIGKILL (exit code 137)"
            .formatted(process.pid()),
        job("digits-1").lastFailure());
  }

  @Test
  void workerThatLeavesGetsNothingMoreAndItsJobsAreHandedOver() {
    scheduler.report(worker("a", 1), List.of(), 0);
    scheduler.report(worker("b", 1), List.of(), 0);
    submit("digits", 2);
    submit("digits", 1);

    scheduler.leaving("b");
    assertEquals(Map.of("digits-1", "worker name-b leaves"), scheduler.yielding("a"));
    assertEquals(Map.of(), scheduler.yielding("b"));
    AttemptStatus yielded = attempt("digits-1", 1, State.INTERRUPTED, 3, "worker name-b leaves");
    scheduler.report(worker("a", 1), List.of(yielded), 1);

    assertEquals(List.of("a"), job("digits-1").placement());
    assertEquals("worker name-b leaves", job("digits-1").lastFailure());
    assertEquals(JobStatus.QUEUED, job("digits-2").status(), "the slot of b is free for nobody");
  }

  /** The worker that leads {@code digits-1} hands it over, to go on with so many. */
  private void handOver(String leader, long attempt, int workers) {
    scheduler.scale("digits-1", workers);
    for (int step = 7; step < 9; step++) {
      say(leader, attempt("digits-1", attempt, State.RUNNING, step, ""));
    }
    String why = scheduler.yielding(leader).get("digits-1");
    say(leader, attempt("digits-1", attempt, State.INTERRUPTED, 9, why));
  }

  private void say(String worker, AttemptStatus status) {
    WorkerInfo known =
        scheduler.workers().stream().filter(one -> one.id().equals(worker)).findFirst().get();
    scheduler.report(known, List.of(status), 0);
  }

  private static Process process() throws IOException {
    return new ProcessBuilder("sleep", "60").start();
  }

  private static HostProcess hostProcess(Process process) {
    return new HostProcess(
        HostProcess.current().host(),
        process.pid(),
        process.info().startInstant().map(Instant::toEpochMilli).orElse(0L));
  }

  private Job submit(String name, int workers) {
    return scheduler.submit(new JobSpec(name, Map.of(), 1, workers), name, "f00", NOW);
  }

  private Job job(String id) {
    return scheduler.view(id).job();
  }

  private static WorkerInfo worker(String id, int slots) {
    return worker(id, slots, ELSEWHERE);
  }

  private static WorkerInfo worker(String id, int slots, HostProcess process) {
    return new WorkerInfo(id, "name-" + id, "10.0.0.1:" + id, process, slots, List.of("cpu"));
  }

  private static AttemptStatus attempt(
      String job, long attempt, State state, long step, String outcome) {
    return new AttemptStatus(
        job, attempt, 0, state, new Reached(step, -1, 0, 0, 0), List.of(), outcome);
  }
}
