package io.tidemill.local;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Inbox;
import io.tidemill.channel.Outbox;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.plan.Plan.Chain;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.train.Gang;
import io.tidemill.train.SampleLog;
import io.tidemill.train.Sequencer;
import io.tidemill.train.ShardTask;
import io.tidemill.train.TrainerTask;
import io.tidemill.train.Training;
import io.tidemill.train.TrainingProgress;
import java.util.ArrayList;
import java.util.List;

/** One training of a running job: its log, its gang of ranks, and how far it is. */
final class TrainingRun implements AutoCloseable {
  private final Chain chain;
  private final Training<?> training;
  private final RunContext context;
  private final List<Outbox.Edge> downstream;
  private final TrainingProgress progress = new TrainingProgress();
  private final SampleLog log;
  private final Gang gang;

  TrainingRun(Chain chain, Training<?> training, RunContext context, List<Outbox.Edge> downstream) {
    this.chain = chain;
    this.training = training;
    this.context = context;
    this.downstream = downstream;
    this.log =
        new SampleLog(context.samples().resolve(chain.head().id()), training.encoding().rowBytes());
    this.gang = new Gang(training, context.device(), chain.parallelism());
  }

  String vertex() {
    return chain.head().id();
  }

  Training<?> training() {
    return training;
  }

  TrainingProgress progress() {
    return progress;
  }

  /** Steps in the checkpoint that is being taken. */
  long checkpointedSteps() {
    return progress.checkpointedSteps();
  }

  /** Samples in the checkpoint that is being taken. */
  long checkpointedSamples() {
    return progress.checkpointedSamples();
  }

  Sequencer<?> sequencer() {
    return new Sequencer<>(
        training,
        log,
        progress,
        !DataflowGraph.isBounded(chain.head()),
        context.signals()::requestedCheckpoint);
  }

  /** The tasks of a rank, one for each thread of its worker. */
  List<Task> tasksOf(int rank, int threads, Channel fromSequencer) {
    TrainerTask trainer =
        new TrainerTask(
            new TaskId(vertex(), rank),
            threads,
            gang,
            log,
            new Inbox(List.of(List.of(fromSequencer)), List.of()),
            new Outbox(rank == 0 ? downstream : List.of()),
            progress,
            context.checkpointPolicy(),
            context.seed(),
            context.clockNs(),
            context.reports());
    context.checkpoint().ifPresent(state -> trainer.restore(state.apply(vertex())));
    List<Task> tasks = new ArrayList<>(List.of(trainer));
    for (int thread = 1; thread < threads; thread++) {
      tasks.add(new ShardTask(trainer, thread));
    }
    return tasks;
  }

  @Override
  public void close() {
    gang.close();
  }
}
