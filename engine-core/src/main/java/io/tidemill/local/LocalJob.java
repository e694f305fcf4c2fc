package io.tidemill.local;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.checkpoint.JobState;
import io.tidemill.checkpoint.LatestCheckpoint;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Endpoint;
import io.tidemill.plan.Plan;
import io.tidemill.storage.Damage;
import io.tidemill.task.InlineFetcher;
import io.tidemill.task.Reports;
import io.tidemill.task.Task;
import io.tidemill.task.TaskReport;
import io.tidemill.task.ThreadFetcher;
import io.tidemill.task.WorkerThread;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A job in this process: defines the pipeline, runs it on worker threads, reports.
 *
 * <p>{@link #run} blocks the calling thread, which acts as the job's master. {@link #cancel} may
 * come from any thread.
 */
public final class LocalJob {
  static final int FETCH_RECORDS = 256;
  private static final long MOST_WAIT_NS = 10_000_000;
  private static final long PROGRESS_NS = 100_000_000;

  private final DataflowGraph graph;
  private final Params params;
  private final JobOptions options;
  private final CheckpointRequests requests = new CheckpointRequests();
  private volatile Optional<JobRuntime> running = Optional.empty();
  private volatile Map<String, FeatureEndpoint> endpoints = Map.of();
  private volatile Optional<EngineException> cancelled = Optional.empty();

  private LocalJob(DataflowGraph graph, Params params, JobOptions options) {
    this.graph = graph;
    this.params = params;
    this.options = options;
  }

  /** Builds the graph; everything that can be refused before the job starts is refused here. */
  public static LocalJob define(PipelineDefinition definition, Params params, JobOptions options) {
    Thread.ofPlatform().daemon().name("preload").start(() -> preload(options));
    DataflowGraph graph = graph(definition, params, options);
    return new LocalJob(graph, params, completed(options, graph));
  }

  private static JobOptions completed(JobOptions options, DataflowGraph graph) {
    if (options.workers() != JobOptions.AS_DECLARED) {
      return options;
    }
    int workers = graph.declaredWorkers();
    return options.withWorkers(workers).withThreads(Math.max(options.threads(), workers));
  }

  /** The graph of a job that somebody else will run, checked as {@link #define} does. */
  public static DataflowGraph graph(
      PipelineDefinition definition, Params params, JobOptions options) {
    Pipeline pipeline = new Pipeline(params);
    definition.define(pipeline, params);
    params.refuseUnknown(options.pipeline());
    DataflowGraph graph = pipeline.graph();
    JobChecks.checkpoints(graph, options);
    return graph;
  }

  /** Loads the device's libraries while sources are read: a quarter of a second of a short job. */
  private static void preload(JobOptions options) {
    try {
      Devices.open(options.device()).close();
    } catch (EngineException e) {
      // run opens it again, and says so
    }
  }

  /** The name that it is run under. */
  public String name() {
    return options.job();
  }

  public DataflowGraph graph() {
    return graph;
  }

  /** How the graph is laid out and, while it runs, what has gone along its edges; any thread. */
  public JobGraph view() {
    return running.map(JobRuntime::view).orElseGet(() -> JobGraph.of(graph));
  }

  /**
   * An endpoint of the pipeline; any thread. It answers from the first record on, and with the
   * state at the end when the job has ended.
   *
   * @throws EngineException NOT_FOUND where the pipeline has none of that name, RESOURCE where the
   *     job has not begun
   */
  public FeatureEndpoint endpoint(String name) {
    FeatureEndpoint endpoint = endpoints.get(name);
    if (endpoint == null) {
      List<String> known = graph.endpoints().stream().map(Endpoint::id).toList();
      throw known.contains(name)
          ? new EngineException(ErrorCode.RESOURCE, "job " + options.job() + " has not begun yet")
          : new EngineException(
              ErrorCode.NOT_FOUND,
              "job %s has no endpoint %s; it has %s".formatted(options.job(), name, known));
    }
    return endpoint;
  }

  /** Ends {@link #run} with this failure; the last checkpoint stays. */
  public void cancel(EngineException cause) {
    cancelled = Optional.of(cause);
  }

  /**
   * Takes a checkpoint at the next step and keeps it until somebody deletes it; changes no bit. The
   * answer comes once it is durable, on the thread that runs the job; it fails where the checkpoint
   * does, or the job ends before.
   */
  public CompletableFuture<StoredCheckpoint> savepoint() {
    return requests.ask(true);
  }

  /** The same, kept no longer than others are. */
  public CompletableFuture<StoredCheckpoint> checkpoint() {
    return requests.ask(false);
  }

  /** Runs to the end; a failure is thrown and leaves the last checkpoint to resume from. */
  public JobReport run(JobListener listener) {
    return run(listener, Optional.empty());
  }

  /**
   * The same, with each {@linkplain JobOptions#workers worker} but the first a process of its own,
   * which {@code members} starts; the result has the same bits.
   */
  public JobReport run(JobListener listener, MemberOptions members) {
    return run(listener, Optional.of(members));
  }

  private JobReport run(JobListener listener, Optional<MemberOptions> members) {
    long started = System.nanoTime();
    // The device first: one that is not there, or not able, is refused before anything is written.
    try (Device device = openDevice();
        JobDirectory directory = open()) {
      Optional<StoredCheckpoint> restored = restored(directory, listener);
      directory.events().append(Instant.now(), "started", started(directory, restored, device));
      try {
        JobReport report = run(directory, device, members, restored, listener, started);
        directory.mark(JobState.FINISHED);
        directory.events().append(Instant.now(), "finished", Map.of("metrics", report.metrics()));
        return report;
      } catch (EngineException e) {
        markFailed(directory, e);
        throw e;
      }
    } finally {
      requests.end(
          new EngineException(
              ErrorCode.RESOURCE,
              "job " + options.job() + " ended before the checkpoint that was asked for"));
    }
  }

  /** What ended the job is what the user has to read, even where it cannot be written down. */
  private static void markFailed(JobDirectory directory, EngineException cause) {
    try {
      directory.mark(JobState.FAILED);
      directory.events().append(Instant.now(), "failed", Map.of("cause", cause.getMessage()));
    } catch (EngineException e) {
      cause.addSuppressed(e);
    }
  }

  /** The device, able to train what the pipeline trains. */
  Device openDevice() {
    Device device = Devices.open(options.device());
    try {
      JobChecks.precision(graph, device);
      return device;
    } catch (EngineException e) {
      device.close();
      throw e;
    }
  }

  private JobDirectory open() {
    return options.resume()
        ? JobDirectory.resume(options.state(), options.job())
        : JobDirectory.start(
            options.state(), options.job(), options.pipeline(), params.values(), options.seed());
  }

  private Optional<StoredCheckpoint> restored(JobDirectory directory, JobListener listener) {
    if (!options.resume()) {
      return Optional.empty();
    }
    LatestCheckpoint latest = directory.checkpoints().latest();
    for (Damage damage : latest.damages()) {
      listener.notice(damage.sentence());
    }
    listener.notice(
        latest
            .checkpoint()
            .map(
                checkpoint ->
                    "resuming job "
                        + options.job()
                        + " from checkpoint "
                        + checkpoint.number()
                        + " at step "
                        + checkpoint.manifest().progress().step())
            .orElse("job " + options.job() + " has no checkpoint that is whole; it starts anew"));
    latest
        .checkpoint()
        .ifPresent(checkpoint -> JobChecks.same(graph, options, checkpoint.manifest()));
    return latest.checkpoint();
  }

  private Map<String, Object> started(
      JobDirectory directory, Optional<StoredCheckpoint> restored, Device device) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("runId", directory.record().runId());
    fields.put("generation", directory.record().generation());
    fields.put("workers", options.workers());
    fields.put("threads", options.threads());
    fields.put("device", device.description());
    restored.ifPresent(checkpoint -> fields.put("checkpoint", checkpoint.number()));
    return fields;
  }

  private JobReport run(
      JobDirectory directory,
      Device device,
      Optional<MemberOptions> members,
      Optional<StoredCheckpoint> restored,
      JobListener listener,
      long started) {
    try (ExecutorService writer =
            Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("checkpoint-writer").factory());
        ExecutorService publisher =
            Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("model-publisher").factory());
        JobRuntime runtime =
            new JobRuntime(
                graph,
                options,
                directory,
                restored,
                new JobRuntime.Machine(
                    device,
                    members,
                    (name, opener) ->
                        new ThreadFetcher(name, new InlineFetcher(FETCH_RECORDS, opener)),
                    writer,
                    publisher,
                    System::nanoTime),
                requests,
                listener);
        MemberWatch _ = runtime.watchMembers()) {
      ProgressMeter meter = new ProgressMeter(graph, runtime);
      runtime.lead().ifPresent(_ -> listener.notice(TaskMember.sentence(0, runtime.tasks())));
      List<WorkerThread> threads = threads(runtime.tasks(), runtime.reports());
      threads.forEach(WorkerThread::start);
      running = Optional.of(runtime);
      endpoints = runtime.endpoints();
      try {
        drive(runtime, meter, listener);
      } finally {
        running = Optional.empty();
        threads.forEach(WorkerThread::close);
        runtime.endInquiries();
      }
      runtime
          .master()
          .failure()
          .ifPresent(
              failure -> {
                throw failure;
              });
      runtime.finish();
      return report(runtime, meter, started);
    }
  }

  private void drive(JobRuntime runtime, ProgressMeter meter, JobListener listener) {
    long reported = System.nanoTime();
    while (!runtime.master().isOver()) {
      runtime.master().poll();
      cancelled.ifPresent(runtime.master()::fail);
      long now = System.nanoTime();
      if (now - reported > PROGRESS_NS) {
        reported = now;
        listener.progress(meter.measure(now));
        tellRefusals(runtime, listener);
      }
      try {
        runtime.reports().await(MOST_WAIT_NS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        runtime
            .master()
            .fail(
                new EngineException(
                    ErrorCode.RESOURCE, "job " + options.job() + " was interrupted"));
      }
    }
    listener.progress(meter.measure(System.nanoTime()));
    tellRefusals(runtime, listener);
  }

  private static void tellRefusals(JobRuntime runtime, JobListener listener) {
    runtime.trainings().stream()
        .map(TrainingRun::newRefusals)
        .flatMap(Optional::stream)
        .forEach(listener::notice);
    runtime.lead().flatMap(TaskLead::newRefusals).ifPresent(listener::notice);
  }

  /** A thread for each slot that has tasks. */
  static List<WorkerThread> threads(List<TaskFactory.Placed> tasks, Reports reports) {
    Map<Plan.Slot, List<Task>> bySlot = new LinkedHashMap<>();
    tasks.forEach(
        placed -> bySlot.computeIfAbsent(placed.slot(), _ -> new ArrayList<>()).add(placed.task()));
    List<WorkerThread> threads = new ArrayList<>();
    bySlot.forEach(
        (slot, ofSlot) ->
            threads.add(
                new WorkerThread(
                    "worker-" + slot.worker() + "-" + slot.thread(), ofSlot, reports)));
    return threads;
  }

  private JobReport report(JobRuntime runtime, ProgressMeter meter, long started) {
    JobListener.Progress last = meter.measure(System.nanoTime());
    return new JobReport(
        options.job(),
        last.step(),
        last.samples(),
        last.skippedSteps(),
        (System.nanoTime() - started) / 1e9,
        meter.overallSamplesPerSecond(),
        runtime.master().metrics(),
        runtime.master().texts(),
        runtime.master().trained().map(TaskReport.Trained::weightsSha256),
        runtime.master().lastCheckpoint().map(StoredCheckpoint::folder),
        runtime.published(),
        options.workers(),
        "strict",
        runtime.precision());
  }
}
