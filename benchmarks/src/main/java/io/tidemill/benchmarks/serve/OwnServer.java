package io.tidemill.benchmarks.serve;

import io.tidemill.benchmarks.contender.JavaCommand;
import io.tidemill.benchmarks.serve.ServerProcess.Start;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** {@code tidemill serve}, as a user starts it. */
final class OwnServer {
  static final String NAME = "tidemill";

  /** The launcher's own path, which it tells the JVM that it becomes. */
  private static final String LAUNCHER = "tidemill.launcher";

  private OwnServer() {}

  /**
   * Serves the models of a state directory on a free port.
   *
   * @param log takes what it prints on standard error
   */
  static ServerProcess start(Path state, Path log) {
    return switch (ServerProcess.start(NAME, command(state), Map.of(), log)) {
      case Start.Listening(ServerProcess server) -> server;
      case Start.Absent(String reason) ->
          throw new EngineException(ErrorCode.RESOURCE, "tidemill serve cannot run: " + reason);
    };
  }

  /** By the launcher, with its heap and its archive of classes; without it by a JVM as this is. */
  private static List<String> command(Path state) {
    List<String> words = List.of("serve", state.toString(), "--port", "0");
    String launcher = System.getProperty(LAUNCHER);
    if (launcher == null) {
      return JavaCommand.of("io.tidemill.cli.Main", words.toArray());
    }
    List<String> command = new ArrayList<>(List.of(launcher));
    command.addAll(words);
    return command;
  }
}
