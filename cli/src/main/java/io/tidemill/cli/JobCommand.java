package io.tidemill.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.cli.cluster.LogFollower;
import io.tidemill.cli.console.Console;
import io.tidemill.cli.report.JobTable;
import io.tidemill.cluster.client.ApiClient;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tidemill job ID ACTION}: one job of a cluster. */
@Command(
    description = "Look at a job of a cluster, or change what becomes of it.",
    sortOptions = false)
final class JobCommand implements Runnable {
  private static final List<String> ACTIONS =
      List.of("status", "logs", "cancel", "savepoint", "resume", "scale");

  @Parameters(index = "0", paramLabel = "<id>", description = "The job.")
  String id = "";

  @Parameters(
      index = "1",
      paramLabel = "status|logs|cancel|savepoint|resume|scale",
      description = "What to do; scale takes the number of workers.")
  String action = "";

  @Parameters(index = "2", paramLabel = "N", arity = "0..1", description = "Workers, for scale.")
  Optional<Integer> workers = Optional.empty();

  @Mixin private final HeadArgument head = new HeadArgument();

  @Option(names = "-f", description = "With logs: go on until the job has ended.")
  boolean isFollowing;

  @Option(names = "--rank", paramLabel = "N", description = "With logs: of this rank only.")
  Optional<Integer> rank = Optional.empty();

  @Option(
      names = "--tail",
      paramLabel = "BYTES",
      description = "With logs: so much of the end, 65536.")
  Optional<Integer> tail = Optional.empty();

  @Option(
      names = "--from",
      paramLabel = "N",
      description = "With resume: go on from checkpoint N, a savepoint say, and not the newest.")
  Optional<Long> from = Optional.empty();

  @Option(names = "--json", description = "Print the job as one JSON object.")
  boolean isJson;

  private final Console console;

  JobCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    try (ApiClient client = head.client()) {
      String path = "/api/jobs/" + id;
      switch (action) {
        case "status" -> show(client.get(path));
        case "cancel" -> show(client.delete(path));
        case "savepoint" -> show(client.post(path + "/savepoint", Map.of()));
        case "resume" -> show(client.post(path + "/resume", resumption()));
        case "scale" -> show(client.post(path + "/scale", Map.of("workers", wanted())));
        case "logs" -> logs(client);
        default ->
            throw new EngineException(
                ErrorCode.INVALID_ARGUMENT,
                "job %s: unknown action %s; expected one of %s"
                    .formatted(id, action, String.join(", ", ACTIONS)));
      }
      console.out().flush();
    }
  }

  private Map<String, Long> resumption() {
    return from.map(checkpoint -> Map.of("from", checkpoint)).orElse(Map.of());
  }

  private int wanted() {
    return workers.orElseThrow(
        () ->
            new EngineException(
                ErrorCode.INVALID_ARGUMENT,
                "job " + id + " scale: the number of workers is missing"));
  }

  private void show(JsonNode job) {
    console.out().print(isJson ? job + System.lineSeparator() : JobTable.one(job));
  }

  private void logs(ApiClient client) {
    if (isFollowing) {
      new LogFollower(client, console).follow(id, rank);
    } else {
      List<String> query = new ArrayList<>();
      rank.ifPresent(number -> query.add("rank=" + number));
      tail.ifPresent(bytes -> query.add("tail=" + bytes));
      console.out().print(client.text("/api/jobs/" + id + "/logs?" + String.join("&", query)));
    }
  }
}
