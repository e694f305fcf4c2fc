package io.tidemill.cli;

import io.tidemill.checkpoint.JobDirectory;
import io.tidemill.checkpoint.JobRecord;
import io.tidemill.cli.pipeline.NamedPipeline;
import io.tidemill.dsl.Params;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobOptions;
import io.tidemill.train.CheckpointPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The words of a command that name a job and how it is run. */
final class JobArguments {
  static final String DEFAULT_STATE = "tidemill-state";
  private static final long DEFAULT_SEED = 1;

  @Parameters(
      index = "0",
      paramLabel = "<example|file.jar[!Class]>",
      description = {
        "digits, fraud, or a jar with a PipelineDefinition;",
        "without !Class that of the manifest's Main-Class."
      })
  String pipeline = "";

  @Parameters(
      index = "1..*",
      paramLabel = "key=value",
      description = "Parameters of the pipeline; with --resume those of the job unless given.")
  List<String> parameters = List.of();

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Workers in this process; as many as the pipeline declares, mostly 1.")
  Optional<Integer> workers = Optional.empty();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of all workers together, one per core.")
  Optional<Integer> threads = Optional.empty();

  @Option(names = "--device", paramLabel = "auto|cpu|cuda", description = "What computes, auto.")
  String device = "auto";

  @Option(names = "--state", paramLabel = "DIR", description = "State directory, tidemill-state.")
  Path state = Path.of(DEFAULT_STATE);

  @Option(names = "--job", paramLabel = "NAME", description = "Name of the job, the pipeline's.")
  Optional<String> job = Optional.empty();

  @Option(names = "--resume", description = "Go on from the job's last checkpoint.")
  boolean isResume;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS",
      description = "Steps between checkpoints, 0 for one at the end; else one every 2 seconds.")
  Optional<Long> checkpointEvery = Optional.empty();

  @Mixin private final PublishArguments publishing = new PublishArguments();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Where everything random derives from, 1.")
  Optional<Long> seed = Optional.empty();

  @Option(
      names = "--fast",
      description = "Give up bit-identical results for speed; today the same as without.")
  boolean isFast;

  /** Completes what was given with defaults, and with what a resumed job began with. */
  JobRequest request(NamedPipeline named) {
    String name = job.orElseGet(named::defaultJob);
    Optional<JobRecord> resumed =
        isResume ? Optional.of(record(name, named.name())) : Optional.empty();
    long chosenSeed = seed.or(() -> resumed.map(JobRecord::seed)).orElse(DEFAULT_SEED);
    Map<String, String> values = new TreeMap<>(resumed.map(JobRecord::params).orElse(Map.of()));
    values.putAll(Params.parse(parameters, chosenSeed).values());
    values.putAll(publishing.parameters());
    int cores = Runtime.getRuntime().availableProcessors();
    return new JobRequest(
        new Params(values, chosenSeed),
        new JobOptions(
            name,
            named.name(),
            state,
            chosenWorkers(),
            threads.orElse(Math.max(cores, chosenWorkers())),
            device,
            isResume,
            checkpoints(),
            chosenSeed));
  }

  private int chosenWorkers() {
    workers.ifPresent(
        number -> {
          if (number < 1) {
            throw new EngineException(
                ErrorCode.INVALID_ARGUMENT, "--workers has to be at least 1, is " + number);
          }
        });
    return workers.orElse(JobOptions.AS_DECLARED);
  }

  private CheckpointPolicy checkpoints() {
    return checkpointEvery.map(JobArguments::everySteps).orElse(JobOptions.CHECKPOINTS);
  }

  private static CheckpointPolicy everySteps(long steps) {
    if (steps < 0) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "--checkpoint-every has to be at least 0, is " + steps);
    }
    return steps == 0 ? new CheckpointPolicy.AtEnd() : new CheckpointPolicy.EverySteps(steps);
  }

  private JobRecord record(String name, String pipelineName) {
    JobRecord record =
        JobDirectory.find(state, name)
            .orElseThrow(
                () ->
                    new EngineException(
                        ErrorCode.NOT_FOUND,
                        "--resume: there is no job " + name + " in state directory " + state));
    if (!record.pipeline().equals(pipelineName)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--resume: job %s is a run of %s, not of %s; name another --job"
              .formatted(name, record.pipeline(), pipelineName));
    }
    return record;
  }
}
