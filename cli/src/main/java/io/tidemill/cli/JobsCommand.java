package io.tidemill.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.cli.console.Console;
import io.tidemill.cli.report.JobTable;
import io.tidemill.cluster.client.ApiClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tidemill jobs}: what a cluster runs and has run. */
@Command(description = "List the jobs of a cluster.", sortOptions = false)
final class JobsCommand implements Runnable {
  @Mixin private final HeadArgument head = new HeadArgument();

  @Option(names = "--json", description = "Print an array of objects, on one line.")
  boolean isJson;

  private final Console console;

  JobsCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    try (ApiClient client = head.client()) {
      JsonNode jobs = client.get("/api/jobs");
      console.out().print(isJson ? jobs + System.lineSeparator() : JobTable.text(jobs));
      console.out().flush();
    }
  }
}
