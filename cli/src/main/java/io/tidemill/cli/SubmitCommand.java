package io.tidemill.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.cli.cluster.JobFollower;
import io.tidemill.cli.console.Console;
import io.tidemill.cli.report.JobTable;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.dsl.Params;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemill submit}: a job for a cluster. */
@Command(description = "Have a cluster run a pipeline.", sortOptions = false)
final class SubmitCommand implements Runnable {
  private static final String JAR = ".jar";

  @Parameters(
      index = "0",
      paramLabel = "<example|file.jar[!Class]>",
      description = "As for run; a jar is sent to the head.")
  String pipeline = "";

  @Parameters(
      index = "1..*",
      paramLabel = "key=value",
      description = "Parameters of the pipeline; files as the workers see them.")
  List<String> parameters = List.of();

  @Mixin private final HeadArgument head = new HeadArgument();

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Ranks that train side by side; as many as the pipeline declares, mostly 1.")
  Optional<Integer> workers = Optional.empty();

  @Mixin private final PublishArguments publishing = new PublishArguments();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Where everything random derives from, 1.")
  long seed = 1;

  @Option(names = "--wait", description = "Wait for the end, and exit as run would.")
  boolean isWaiting;

  @Option(names = "--json", description = "Print the job, with --wait its report, as JSON.")
  boolean isJson;

  @Option(names = "--quiet", description = "Show no progress.")
  boolean isQuiet;

  private final Console console;

  SubmitCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    try (ApiClient client = head.client()) {
      Map<String, Object> body = new HashMap<>();
      body.put("pipeline", sent(client));
      Map<String, String> params = Params.parse(parameters, seed).values();
      params.putAll(publishing.parameters());
      body.put("params", params);
      body.put("seed", seed);
      workers.ifPresent(number -> body.put("workers", number));
      JsonNode job = client.post("/api/jobs", body);
      String id = job.path("id").textValue();
      if (!isWaiting) {
        console.out().println(isJson ? job.toString() : id);
      } else {
        console.tell("job " + id + " is submitted");
        JsonNode report = new JobFollower(client, console, isQuiet).await(id);
        console.out().print(isJson ? report + System.lineSeparator() : JobTable.one(report));
      }
      console.out().flush();
    }
  }

  /** The pipeline by the name that the cluster knows it by. */
  private String sent(ApiClient client) {
    int end = pipeline.indexOf(JAR);
    if (end < 0) {
      return pipeline;
    }
    Path file = Path.of(pipeline.substring(0, end + JAR.length()));
    return client.upload("/api/jars", file).path("path").textValue()
        + pipeline.substring(end + JAR.length());
  }
}
