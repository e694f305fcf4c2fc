package io.tidemill.cli;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** A state directory that has to be there. */
final class StateArgument {
  @Option(names = "--state", paramLabel = "DIR", description = "State directory, tidemill-state.")
  Path state = Path.of(JobArguments.DEFAULT_STATE);

  Path directory() {
    if (!Files.isDirectory(state)) {
      throw new EngineException(
          ErrorCode.NOT_FOUND, "--state: there is no state directory " + state);
    }
    return state;
  }
}
