package io.tidemill.cli;

import io.tidemill.cluster.client.ApiClient;
import io.tidemill.serving.access.AccessTokens;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which cluster a command talks to. */
final class HeadArgument {
  @Option(
      names = "--head",
      paramLabel = "URL",
      description = "Where the head answers, http://127.0.0.1:8080.")
  String head = "http://127.0.0.1:8080";

  ApiClient client() {
    return new ApiClient(head, Optional.ofNullable(System.getenv(AccessTokens.ADMIN_VARIABLE)));
  }
}
