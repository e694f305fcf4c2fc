package io.tidemill.local;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.device.Device;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.task.InlineFetcher;
import io.tidemill.task.Task;
import io.tidemill.task.TaskReport;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * A whole job on the calling thread, with a clock that it turns itself: for tests. Or, where tasks
 * of it are on other workers, the leading worker's part.
 *
 * <p>All tasks and the master take turns in an order that a seed decides, each slice moves the
 * clock by a millisecond, and reading and writing are done in place. The same seed gives the same
 * run, step for step; another seed gives another interleaving, which must not change any result.
 */
public final class SimulatedJob implements AutoCloseable {
  private static final long SLICE_NS = 1_000_000;

  private final JobDirectory directory;
  private final JobRuntime runtime;
  private final List<Task> tasks;
  private final CheckpointRequests requests = new CheckpointRequests();
  private final Random order;
  private final JobOptions options;
  private final DataflowGraph graph;
  private long nowNs;

  /**
   * @param interleaving decides who comes next
   * @param fetchRecords records that a source reads at once
   * @param listener who watches it
   */
  public SimulatedJob(
      PipelineDefinition definition,
      Params params,
      JobOptions options,
      Device device,
      long interleaving,
      int fetchRecords,
      JobListener listener) {
    this(
        definition,
        params,
        options,
        device,
        interleaving,
        fetchRecords,
        listener,
        Optional.empty());
  }

  /** {@code members} give a turn to what the other workers run. */
  SimulatedJob(
      PipelineDefinition definition,
      Params params,
      JobOptions options,
      Device device,
      long interleaving,
      int fetchRecords,
      JobListener listener,
      Optional<MemberOptions> members) {
    Pipeline pipeline = new Pipeline(params);
    definition.define(pipeline, params);
    this.graph = pipeline.graph();
    JobChecks.checkpoints(graph, options);
    JobChecks.precision(graph, device);
    this.options = options;
    this.order = new Random(interleaving);
    this.directory =
        options.resume()
            ? JobDirectory.resume(options.state(), options.job())
            : JobDirectory.start(
                options.state(),
                options.job(),
                options.pipeline(),
                params.values(),
                options.seed());
    Optional<StoredCheckpoint> restored =
        options.resume() ? directory.checkpoints().latest().checkpoint() : Optional.empty();
    this.runtime =
        new JobRuntime(
            graph,
            options,
            directory,
            restored,
            new JobRuntime.Machine(
                device,
                members,
                (_, opener) -> new InlineFetcher(fetchRecords, opener),
                Runnable::run,
                Runnable::run,
                () -> nowNs),
            requests,
            listener);
    this.tasks =
        runtime.tasks().stream().map(TaskFactory.Placed::task).collect(Collectors.toList());
    runtime
        .lead()
        .ifPresent(
            lead -> {
              tasks.add(lead.relay());
              members.orElseThrow().members().joinTasks(lead.rendezvous());
            });
  }

  /** Gives every task and the master one turn; false when the job is over. */
  public boolean turn() {
    Collections.shuffle(tasks, order);
    for (Task task : tasks) {
      try {
        task.doWork();
      } catch (RuntimeException e) {
        runtime.reports().send(new TaskReport.Failed(task.id(), e));
      }
      nowNs += SLICE_NS;
    }
    runtime.master().poll();
    return !runtime.master().isOver();
  }

  /** Puts its clock on. */
  void passNs(long ns) {
    nowNs += ns;
  }

  /** As {@link LocalJob#savepoint}. */
  public CompletableFuture<StoredCheckpoint> savepoint() {
    return requests.ask(true);
  }

  /** Turns until the job is over. */
  public JobReport run() {
    while (turn()) {}
    runtime
        .master()
        .failure()
        .ifPresent(
            failure -> {
              throw failure;
            });
    runtime.finish();
    ProgressMeter meter = new ProgressMeter(graph, runtime);
    JobListener.Progress last = meter.measure(nowNs);
    return new JobReport(
        options.job(),
        last.step(),
        last.samples(),
        last.skippedSteps(),
        nowNs / 1e9,
        0,
        runtime.master().metrics(),
        runtime.master().texts(),
        runtime.master().trained().map(TaskReport.Trained::weightsSha256),
        runtime.master().lastCheckpoint().map(StoredCheckpoint::folder),
        runtime.published(),
        options.workers(),
        "strict",
        runtime.precision());
  }

  /** Lets go of everything as a killed process would: what was not committed is lost. */
  @Override
  public void close() {
    runtime.close();
    directory.close();
  }
}
