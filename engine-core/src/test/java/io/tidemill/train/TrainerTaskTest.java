package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Inbox;
import io.tidemill.channel.OrderKey;
import io.tidemill.channel.Outbox;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.task.Reports;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One rank of 5 steps on one thread; the test is source, sequencer and master. */
class TrainerTaskTest {
  private final Device device = Devices.open("cpu");
  private final Training<float[]> training = TinyTraining.training(8);
  private final Gang gang = new Gang(training, device, 1);
  private final Channel toRank = new Channel(16);
  private final Reports reports = new Reports();
  private final TrainingProgress progress = new TrainingProgress();

  /** What the rank reported and the step it was at, its first loss known. */
  private final List<String> seen = new ArrayList<>();

  @TempDir Path folder;

  @AfterEach
  void close() {
    gang.close();
    device.close();
  }

  @Test
  void asksForTheBarrierBeforeTheLastStepAndTakesItBehindIt() {
    runWithCheckpointsEvery(2);

    assertEquals(
        List.of(
            "first step 1",
            "due after 2 at 1",
            "snapshot of 2 at 2",
            "due after 4 at 3",
            "snapshot of 4 at 4",
            "complete at 5"),
        seen);
  }

  @Test
  void leavesTheCheckpointOfTheEndToTheMaster() {
    runWithCheckpointsEvery(5);

    assertEquals(List.of("first step 1", "complete at 5"), seen);
  }

  private void runWithCheckpointsEvery(int steps) {
    try (SampleLog log = log();
        TrainerTask task =
            new TrainerTask(
                new TaskId("net", 0),
                1,
                gang,
                log,
                new Inbox(List.of(List.of(toRank)), List.of()),
                new Outbox(List.of()),
                progress,
                new CheckpointPolicy.EverySteps(steps),
                () -> false,
                42,
                () -> 0,
                reports)) {
      long checkpoint = 0;
      while (seen.isEmpty() || !seen.getLast().startsWith("complete")) {
        task.doWork();
        for (Optional<TaskReport> next = reports.receive();
            next.isPresent();
            next = reports.receive()) {
          switch (next.get()) {
            case TaskReport.FirstStep first -> seen.add("first step " + first.step());
            case TaskReport.CheckpointDue due -> {
              seen.add("due after " + due.step() + " at " + progress.step());
              toRank.offer(new Barrier(++checkpoint, OrderKey.MAX));
            }
            case TaskReport.Snapshot _ ->
                seen.add("snapshot of " + progress.checkpointedSteps() + " at " + progress.step());
            case TaskReport.Complete _ -> seen.add("complete at " + progress.step());
            case TaskReport.Trained _ -> {}
            default -> throw new AssertionError(next.get().toString());
          }
        }
      }
    }
  }

  private SampleLog log() {
    SampleLog log = gang.createLog(folder);
    for (float[] sample : TinyTraining.samples(23)) {
      new RowWriter<>(training.encoding()).write(sample, log.next());
      log.append();
    }
    log.seal();
    return log;
  }
}
