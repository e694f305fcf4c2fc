package io.tidemill.train;

import io.tidemill.channel.Element.Barrier;
import io.tidemill.channel.Element.End;
import io.tidemill.channel.Element.Item;
import io.tidemill.channel.Inbox;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import io.tidemill.task.Reports;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Stands in the leading process for a rank that another process works, by a {@link MemberTask}:
 * puts its moments in place, and takes its part of checkpoints out of the memory that both share
 * while the rank stands at a stop.
 */
public final class RemoteRank implements Task {
  private final TaskId id;
  private final int number;
  private final Gang gang;
  private final Batches batches;
  private final Inbox inbox;
  private final Reports reports;
  private final TrainerState state;
  private boolean complete;

  /** {@code inbox}: barriers and the end, from the sequencer. */
  public RemoteRank(TaskId id, Gang gang, SampleLog log, Inbox inbox, long seed, Reports reports) {
    this.id = id;
    this.number = id.subtask();
    this.gang = gang;
    this.batches = new Batches(gang.training(), log, seed);
    this.inbox = inbox;
    this.reports = reports;
    this.state = new TrainerState(gang, number);
  }

  /** Puts moments and step of a checkpoint in place, behind the weights; before the first slice. */
  public void restore(RestoredState checkpoint) {
    Optional<StepCount> count = state.restore(checkpoint);
    count.ifPresent(steps -> gang.open(number, steps));
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public int doWork() {
    if (!gang.isOpen(number)) {
      return open();
    }
    long total = batches.totalSteps();
    long steps = gang.stood(number);
    if (steps < Math.min(total, gang.stop(number))) {
      return 0;
    }
    if (steps >= total && !complete) {
      complete = true;
      reports.send(new TaskReport.Complete(id));
      return 1;
    }
    return switch (inbox.poll()) {
      case Barrier barrier -> {
        List<StatePart> parts = List.of(state.snapshotMoments());
        reports.send(new TaskReport.Snapshot(id, barrier.checkpoint(), Map.of(id.vertex(), parts)));
        gang.pass(number, steps);
        yield 1;
      }
      case End _ -> 1;
      case Item item -> throw new EngineException(ErrorCode.INTERNAL, "unexpected " + item.key());
      case null -> 0;
    };
  }

  @Override
  public void close() {}

  /** Begins where the first rank does, with the weights that it has drawn. */
  private int open() {
    if (!gang.isOpen(0)) {
      return 0;
    }
    gang.open(number, gang.beginning(0));
    return 1;
  }
}
