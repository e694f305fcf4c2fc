package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.Contender.Start;
import io.tidemill.benchmarks.contender.JavaCommand;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Starts the processes of a case. */
final class Starter {
  private final String python;
  private final Path folder;
  private final int threads;
  private final Consumer<String> tell;
  private final Set<String> told = new HashSet<>();

  /**
   * @param python the interpreter of peers
   * @param folder where their programs lie, and where all sides write
   */
  Starter(String python, Path folder, int threads, Consumer<String> tell) {
    this.python = python;
    this.folder = folder;
    this.threads = threads;
    this.tell = tell;
  }

  /** Our own side: a JVM as this one is. */
  Contender ours(TrainCase trainCase) {
    List<String> command = JavaCommand.of(OwnTraining.class, trainCase.name(), threads, folder);
    return switch (Contender.start("tidemill", command, Map.of(), log(trainCase, "tidemill"))) {
      case Start.Ready(Contender contender) -> contender;
      case Start.Absent(String reason) ->
          throw new EngineException(ErrorCode.RESOURCE, "bench train cannot run: " + reason);
    };
  }

  /** A peer; empty where it cannot run here, which is told once. */
  Optional<Contender> peer(Peer peer, TrainCase trainCase) {
    return switch (start(peer, trainCase)) {
      case Start.Ready(Contender contender) -> Optional.of(contender);
      case Start.Absent(String reason) -> {
        String sentence =
            "%s is skipped: %s; --python names another interpreter than %s"
                .formatted(peer.framework(), reason, python);
        if (told.add(sentence)) {
          tell.accept(sentence);
        }
        yield Optional.empty();
      }
    };
  }

  private Start start(Peer peer, TrainCase trainCase) {
    try {
      return Contender.start(
          peer.name(),
          peer.command(python, folder, trainCase.name(), threads),
          Peer.environment(threads),
          log(trainCase, peer.name()));
    } catch (EngineException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      return new Start.Absent(e.getMessage());
    }
  }

  private Path log(TrainCase trainCase, String side) {
    return folder.resolve(trainCase.name() + "-" + side + ".log");
  }
}
