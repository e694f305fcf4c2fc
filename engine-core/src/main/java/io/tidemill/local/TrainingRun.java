package io.tidemill.local;

import io.tidemill.channel.Channel;
import io.tidemill.channel.Inbox;
import io.tidemill.channel.Outbox;
import io.tidemill.error.EngineException;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.link.PeerLinks;
import io.tidemill.plan.Plan.Chain;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.train.Gang;
import io.tidemill.train.GangFile;
import io.tidemill.train.GangHosts;
import io.tidemill.train.GangMirror;
import io.tidemill.train.RemoteRank;
import io.tidemill.train.SampleLog;
import io.tidemill.train.Sequencer;
import io.tidemill.train.TrainerTask;
import io.tidemill.train.Training;
import io.tidemill.train.TrainingProgress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One training of a running job: its log, its gang of ranks, and how far it is. */
final class TrainingRun implements AutoCloseable {
  private final Chain chain;
  private final Training<?> training;
  private final RunContext context;
  private final List<Outbox.Edge> downstream;
  private final TrainingProgress progress = new TrainingProgress();
  private final Optional<GangFile> file;
  private final Gang gang;
  private final SampleLog log;
  private final Optional<PeerLinks> links;
  private final Optional<RefusedStreams> refused;
  private final Optional<HostMirror> mirror;

  TrainingRun(Chain chain, Training<?> training, RunContext context, List<Outbox.Edge> downstream) {
    this.chain = chain;
    this.training = training;
    this.context = context;
    this.downstream = downstream;
    Path samples = context.samples().resolve(chain.head().id());
    this.file =
        context.gangs().map(gangs -> gangs.create(vertex(), training, samples, context.device()));
    this.gang =
        file.map(this::shared).orElseGet(() -> new Gang(training, context.device(), ranks()));
    this.log = gang.createLog(samples);
    this.links = context.gangs().flatMap(gangs -> gangs.lead(vertex(), training));
    this.refused = links.map(ways -> new RefusedStreams("training " + vertex(), ways));
    this.mirror = links.map(this::mirror);
  }

  /** On a device that cannot share memory nothing of it is left. */
  private Gang shared(GangFile memory) {
    try {
      return new Gang(training, context.device(), hosts(), 0, memory);
    } catch (EngineException e) {
      memory.close();
      throw e;
    }
  }

  private HostMirror mirror(PeerLinks ways) {
    TaskId first = new TaskId(vertex(), 0);
    GangMirror all = new GangMirror(first, gang, file.orElseThrow(), log, ways);
    return new HostMirror(all, context.reports());
  }

  /** From now on its ranks may be joined, where the returned place says. */
  Rendezvous meet() {
    mirror.ifPresent(HostMirror::start);
    return context.gangs().orElseThrow().rendezvous(this);
  }

  /** Sends the processes of its ranks home; idempotent. */
  void dismiss() {
    gang.roster().end();
    mirror.ifPresent(HostMirror::close);
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

  /** How many ranks share its steps, in this process or in several. */
  int ranks() {
    return hosts().allRanks();
  }

  /** How they lie on hosts. */
  GangHosts hosts() {
    return context
        .gangs()
        .map(gangs -> gangs.hostsOf(vertex(), training))
        .orElseGet(() -> GangHosts.one(chain.parallelism()));
  }

  Gang gang() {
    return gang;
  }

  /** What it shares with the processes of its other ranks. */
  Optional<GangFile> file() {
    return file;
  }

  /** The ways to its other hosts. */
  Optional<PeerLinks> links() {
    return links;
  }

  /** What to say of streams from other hosts that were refused since this was asked last. */
  Optional<String> newRefusals() {
    return refused.flatMap(RefusedStreams::fresh);
  }

  /** Whether there are such processes. */
  boolean isShared() {
    return file.isPresent() && ranks() > 1;
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
        DataflowGraph.hasEventTime(chain.head()),
        context.signals()::requestedCheckpoint);
  }

  /** The tasks of a rank: one for each thread of its worker, or one that stands for it here. */
  List<Task> tasksOf(int rank, int threads, Channel fromSequencer) {
    Inbox inbox = new Inbox(List.of(List.of(fromSequencer)), List.of());
    return rank > 0 && file.isPresent()
        ? List.of(remoteRank(rank, inbox))
        : tasksOf(rank, threads, inbox);
  }

  private RemoteRank remoteRank(int rank, Inbox inbox) {
    RemoteRank remote =
        new RemoteRank(
            new TaskId(vertex(), rank), gang, log, inbox, context.seed(), context.reports());
    context.checkpoint().ifPresent(state -> remote.restore(state.apply(vertex())));
    return remote;
  }

  private List<Task> tasksOf(int rank, int threads, Inbox inbox) {
    TrainerTask trainer =
        new TrainerTask(
            new TaskId(vertex(), rank),
            threads,
            gang,
            log,
            inbox,
            new Outbox(rank == 0 ? downstream : List.of()),
            progress,
            context.checkpointPolicy(),
            context.signals()::isCheckpointWanted,
            context.seed(),
            context.clockNs(),
            context.reports());
    context.checkpoint().ifPresent(state -> trainer.restore(state.apply(vertex())));
    List<Task> tasks = new ArrayList<>(List.of(trainer));
    for (int thread = 1; thread < threads; thread++) {
      tasks.add(trainer.shardTask(thread));
    }
    return tasks;
  }

  @Override
  public void close() {
    dismiss();
    gang.close();
    file.ifPresent(GangFile::close);
  }
}
