package io.tidemill.cli;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** How often a job publishes its model while it runs: parameters of the job, by other names. */
final class PublishArguments {
  @Option(
      names = "--publish-every",
      paramLabel = "STEPS",
      description = {
        "Steps between versions of the model, 0 for one at the end;",
        "as the pipeline declares, else every 30 seconds where training has no end."
      })
  Optional<Long> publishEvery = Optional.empty();

  @Option(
      names = "--keep-versions",
      paramLabel = "N",
      description = "Versions of a run that stay beside those in use, 5.")
  Optional<Integer> keptVersions = Optional.empty();

  /** As parameters of the job, which a resumed one has again. */
  Map<String, String> parameters() {
    Map<String, String> parameters = new TreeMap<>();
    publishEvery.ifPresent(steps -> parameters.put("publish-every", steps.toString()));
    keptVersions.ifPresent(number -> parameters.put("keep-versions", number.toString()));
    return parameters;
  }
}
