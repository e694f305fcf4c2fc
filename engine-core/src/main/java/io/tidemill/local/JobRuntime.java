package io.tidemill.local;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.checkpoint.Manifest;
import io.tidemill.checkpoint.Progress;
import io.tidemill.checkpoint.RunFacts;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Role;
import io.tidemill.link.PeerLinks;
import io.tidemill.link.PeerNetwork;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelStore;
import io.tidemill.model.StoredModel;
import io.tidemill.operator.RestoredState;
import io.tidemill.plan.Plan;
import io.tidemill.plan.Planner;
import io.tidemill.program.Precision;
import io.tidemill.release.Release;
import io.tidemill.storage.DurableFiles;
import io.tidemill.task.JobSignals;
import io.tidemill.task.Reports;
import io.tidemill.task.SourcePosition;
import io.tidemill.task.Task;
import io.tidemill.task.TaskId;
import io.tidemill.train.CheckpointPolicy;
import io.tidemill.train.GangHosts;
import io.tidemill.train.Publishing;
import io.tidemill.train.ShardTask;
import io.tidemill.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One attempt of a job in this process: its tasks, made and restored, and its master.
 *
 * <p>Whoever made it gives the tasks their threads and polls the master: {@link LocalJob} with
 * worker threads, {@link SimulatedJob} on one.
 */
final class JobRuntime implements AutoCloseable {
  private final DataflowGraph graph;
  private final JobOptions options;
  private final JobDirectory directory;
  private final JobListener listener;
  private final Device device;
  private final Optional<MemberOptions> members;
  private final Plan plan;
  private final TaskFactory factory;
  private final Optional<TaskLead> lead;
  private final Reports reports = new Reports();
  private final Checkpointer checkpointer;
  private final PublishQueue versions;
  private final JobMaster master;
  private Optional<JobReport.PublishedModel> published = Optional.empty();

  /** How an attempt gets at threads, processes and time; without members it is one process. */
  record Machine(
      Device device,
      Optional<MemberOptions> members,
      RunContext.FetcherFactory fetchers,
      Executor writer,
      Executor publisher,
      LongSupplier clockNs) {}

  JobRuntime(
      DataflowGraph graph,
      JobOptions options,
      JobDirectory directory,
      Optional<StoredCheckpoint> restored,
      Machine machine,
      CheckpointRequests requests,
      JobListener listener) {
    this.graph = graph;
    this.options = options;
    this.directory = directory;
    this.listener = listener;
    this.device = machine.device();
    this.members = machine.members();
    this.plan = plan();
    JobSignals signals = new JobSignals();
    restored.ifPresent(checkpoint -> signals.requestCheckpoint(checkpoint.number()));
    Residence residence = isSpread() ? Residence.of(0) : Residence.ALL;
    Wiring wiring = new Wiring(plan, residence);
    this.factory =
        new TaskFactory(
            plan,
            residence,
            wiring,
            new RunContext(
                signals,
                reports,
                device,
                prepareSamples(directory),
                checkpoints(),
                options.seed(),
                members.map(this::gangs),
                restored.map(JobRuntime::stateOf),
                machine.fetchers(),
                machine.clockNs()));
    this.lead =
        members
            .filter(_ -> isSpread())
            .map(wanted -> lead(wanted, wiring, signals, restored, machine.clockNs()));
    Set<TaskId> tasks =
        Stream.concat(
                factory.tasks().stream()
                    .map(TaskFactory.Placed::task)
                    .filter(task -> !(task instanceof ShardTask))
                    .map(Task::id),
                lead.stream().flatMap(others -> others.tasks().stream()))
            .collect(Collectors.toSet());
    this.checkpointer =
        new Checkpointer(
            directory.checkpoints(),
            facts(),
            tasks,
            signals,
            waking(machine.writer()),
            this::progressAtBarrier);
    this.versions = versions(machine);
    restored.ifPresent(this::catchUp);
    this.master =
        new JobMaster(
            graph,
            tasks,
            signals,
            reports,
            checkpointer,
            requests,
            versions,
            new MasterEvents(),
            machine.clockNs());
  }

  /** Where a version is due a checkpoint is, too. */
  private CheckpointPolicy checkpoints() {
    return graph
        .publishings()
        .map(Publishing::after)
        .filter(after -> after instanceof CheckpointPolicy.EverySteps)
        .reduce(options.checkpoints(), CheckpointPolicy.Either::new);
  }

  private PublishQueue versions(Machine machine) {
    ModelStore models = ModelStore.in(options.state());
    VersionSchedule schedule =
        new VersionSchedule(
            new Publisher(graph, models),
            models,
            directory.checkpoints()::isSavepoint,
            machine.clockNs());
    return new PublishQueue(schedule, machine.publisher(), reports::wake);
  }

  /** Has published what an attempt before has committed and had no time to publish. */
  private void catchUp(StoredCheckpoint restored) {
    directory.checkpoints().list().reversed().stream()
        .filter(checkpoint -> checkpoint.manifest().runId().equals(restored.manifest().runId()))
        .filter(checkpoint -> checkpoint.number() <= restored.number())
        .filter(checkpoint -> isUpTo(checkpoint, restored))
        .forEach(
            checkpoint ->
                versions.add(
                    checkpoint,
                    checkpoint.number() < restored.number()
                        ? PublishQueue.Occasion.LEFT_BEHIND
                        : PublishQueue.Occasion.COMMITTED));
  }

  /** Where somebody has gone back, what had come after is another story. */
  private static boolean isUpTo(StoredCheckpoint checkpoint, StoredCheckpoint restored) {
    return checkpoint.manifest().progress().step() <= restored.manifest().progress().step();
  }

  /** Where members have no network, all tasks are in this process; they work ranks only. */
  private Plan plan() {
    boolean isShared = members.isEmpty() || !members.get().network().equals(PeerNetwork.NONE);
    int workers = isShared ? options.workers() : 1;
    int threads = options.threads() * workers / options.workers();
    return new Planner(graph, workers, Math.max(1, threads)).plan();
  }

  /** Whether tasks of this job are in other processes. */
  private boolean isSpread() {
    return members.isPresent() && Residence.isSpread(plan);
  }

  private TaskLead lead(
      MemberOptions wanted,
      Wiring wiring,
      JobSignals signals,
      Optional<StoredCheckpoint> restored,
      LongSupplier clockNs) {
    TaskGroup group =
        new TaskGroup(
            options.job(),
            directory.record().generation(),
            hosts(wanted),
            options.threads(),
            TaskRendezvous.newSecret(),
            graph.fingerprint(),
            options.seed());
    PeerLinks links = wanted.network().lead(group.peers());
    return new TaskLead(group, links, plan, wiring, signals, reports, restored, clockNs);
  }

  private GangHosts hosts(MemberOptions wanted) {
    return wanted.hosts().orElseGet(() -> GangHosts.one(options.workers()));
  }

  private Gangs gangs(MemberOptions wanted) {
    long generation = directory.record().generation();
    GangHosts hosts = hosts(wanted);
    return new Gangs(
        wanted.folder(),
        directory.folder(),
        Gangs.identity(options, hosts, generation, graph, device),
        wanted.network());
  }

  /** Has the members come, and watches them from then on; to be closed before this. */
  MemberWatch watchMembers() {
    List<TrainingRun> shared = trainings().stream().filter(run -> run.isShared()).toList();
    MemberOptions wanted = members.orElse(MemberOptions.NONE);
    MemberWatch watch = new MemberWatch(wanted, shared, lead, this::reached, reports);
    lead.ifPresent(TaskLead::startThread);
    lead.ifPresent(others -> wanted.members().joinTasks(others.rendezvous()));
    shared.forEach(run -> wanted.members().join(run.meet()));
    watch.start();
    return watch;
  }

  /** The master looks at what a checkpoint has come to as soon as another part is written. */
  private Executor waking(Executor writer) {
    return write ->
        writer.execute(
            () -> {
              write.run();
              reports.wake();
            });
  }

  List<TaskFactory.Placed> tasks() {
    return factory.tasks();
  }

  List<TrainingRun> trainings() {
    return factory.trainings();
  }

  /** That of the training; float32 where nothing is trained. */
  Precision precision() {
    return trainings().stream()
        .findFirst()
        .map(run -> run.training().precision())
        .orElse(Precision.FLOAT32);
  }

  /** The job's endpoints, by name; any thread asks them, also when the tasks have no threads. */
  Map<String, FeatureEndpoint> endpoints() {
    return factory.endpoints();
  }

  /** The tasks have no threads from now on. */
  void endInquiries() {
    factory.tasks().forEach(placed -> placed.task().endInquiries());
  }

  /** How it is laid out, and what has flowed; any thread. */
  JobGraph view() {
    return JobGraph.of(plan, factory, sources());
  }

  Reports reports() {
    return reports;
  }

  JobMaster master() {
    return master;
  }

  Optional<JobReport.PublishedModel> published() {
    return published;
  }

  /** Makes the results of the tasks visible; the job is done and no thread runs them any more. */
  void finish() {
    factory.tasks().forEach(placed -> placed.task().finish());
  }

  long recordsRead() {
    return sources().stream().mapToLong(SourcePosition::records).sum();
  }

  /** Tasks of other processes; empty where there are none. */
  Optional<TaskLead> lead() {
    return lead;
  }

  /** How far it is, as sentences say it. */
  private String reached() {
    return trainings().stream()
        .findFirst()
        .map(run -> "step " + run.progress().step())
        .orElseGet(() -> recordsRead() + " records");
  }

  /** All splits, whoever reads them. */
  private List<SourcePosition> sources() {
    return Stream.concat(
            factory.sources().stream(), lead.stream().flatMap(others -> others.sources().stream()))
        .toList();
  }

  @Override
  public void close() {
    lead.ifPresent(TaskLead::close);
    checkpointer.abandon();
    factory.tasks().forEach(placed -> placed.task().close());
    factory.trainings().forEach(TrainingRun::close);
  }

  private static Function<String, RestoredState> stateOf(StoredCheckpoint checkpoint) {
    return vertex -> kind -> checkpoint.parts(vertex, kind).stream().map(checkpoint::path).toList();
  }

  /** The folder of this run's sample logs; those of earlier runs are of no use any more. */
  private static Path prepareSamples(JobDirectory directory) {
    Path samples = directory.folder().resolve("samples");
    Path own = samples.resolve(directory.record().runId());
    try {
      Files.createDirectories(own);
      try (Stream<Path> runs = Files.list(samples)) {
        for (Path run : runs.filter(path -> !path.equals(own)).toList()) {
          DurableFiles.deleteTree(run);
        }
      }
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the sample log cannot be prepared: folder=" + own + ": " + e, e);
    }
    return own;
  }

  private RunFacts facts() {
    Optional<? extends Training<?>> training =
        graph.vertices().stream()
            .flatMap(v -> v.role() instanceof Role.Trains t ? Stream.of(t.training()) : Stream.of())
            .findFirst();
    return new RunFacts(
        Release.version(),
        graph.fingerprint(),
        options.seed(),
        training.map(Training::shards).orElse(0),
        training.map(Training::globalBatch).orElse(0),
        options.workers(),
        "strict");
  }

  private Progress progressAtBarrier() {
    Map<String, SortedMap<String, Long>> sources = new TreeMap<>();
    sources()
        .forEach(
            source ->
                sources
                    .computeIfAbsent(source.id().vertex(), _ -> new TreeMap<>())
                    .put(source.split(), source.checkpointedRecords()));
    return new Progress(
        factory.trainings().stream().mapToLong(run -> run.checkpointedSteps()).sum(),
        factory.trainings().stream().mapToLong(run -> run.checkpointedSamples()).sum(),
        sources,
        master.metrics(),
        master.texts());
  }

  /** What the master reports is written down and told to the listener. */
  private final class MasterEvents implements JobMaster.Events {
    @Override
    public void firstStep(long step) {
      record("firstStep", Map.of("step", step));
    }

    @Override
    public void committed(StoredCheckpoint checkpoint) {
      Progress progress = checkpoint.manifest().progress();
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("checkpoint", checkpoint.number());
      fields.put("step", progress.step());
      fields.put("samples", progress.samples());
      fields.put("metrics", progress.metrics());
      if (checkpoint.isSavepoint()) {
        fields.put("savepoint", checkpoint.folder().toString());
      }
      record("checkpoint", fields);
      List<Lineage> lineages = ModelStore.in(options.state()).lineages();
      directory
          .checkpoints()
          .prune(manifest -> versions.holds(manifest.checkpoint()) || isOf(lineages, manifest));
    }

    @Override
    public void published(StoredModel version) {
      JobReport.PublishedModel model =
          new JobReport.PublishedModel(version.name(), version.version(), version.folder());
      Lineage lineage = version.description().lineage();
      published = Optional.of(model);
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("model", model.name());
      fields.put("version", model.version());
      fields.put("checkpoint", lineage.checkpoint());
      fields.put("step", lineage.step());
      record("published", fields);
      listener.published(model);
    }

    private static boolean isOf(List<Lineage> lineages, Manifest manifest) {
      return lineages.stream()
          .anyMatch(
              lineage ->
                  lineage.isOf(manifest.job(), manifest.runId())
                      && lineage.checkpoint() == manifest.checkpoint());
    }

    @Override
    public void notice(String sentence) {
      listener.notice(sentence);
      record("notice", Map.of("text", sentence));
    }

    /** A disk that is full may cost a line of history, not the job. */
    private void record(String event, Map<String, ?> fields) {
      try {
        directory.events().append(Instant.now(), event, fields);
      } catch (EngineException e) {
        listener.notice("event " + event + " is missing in the history: " + e.getMessage());
      }
    }
  }
}
