package io.tidemill.benchmarks.allreduce;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.Contender.Start;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Starts the processes of a contest; each side's first rank starts or asks the others itself. */
final class Starter {
  /** OpenMPI's algorithms that can win, by the number that its module {@code tuned} gives them. */
  private static final Map<String, String> ALGORITHMS =
      Map.of("recursive-doubling", "3", "ring", "4", "rabenseifner", "6");

  private static final List<String> ALGORITHM_NAMES =
      ALGORITHMS.keySet().stream().sorted().toList();

  private final String python;
  private final Path folder;
  private final Consumer<String> tell;
  private final Set<String> told = new HashSet<>();
  private int processes;

  /** The compiled program of OpenMPI; empty where it cannot be compiled here. */
  private Optional<Path> mpiProgram = Optional.empty();

  private boolean isMpiTried;

  /**
   * @param python the interpreter of Gloo
   * @param folder where programs lie, and where all sides meet
   */
  Starter(String python, Path folder, Consumer<String> tell) {
    this.python = python;
    this.folder = folder;
    this.tell = tell;
  }

  /** Our own side: JVMs as this one is. */
  Contender ours(Contest contest, Lane lane) {
    Path meeting = folder.resolve(contest.caseName(lane));
    List<String> command = OwnRank.command(lane, contest.ranks(), contest.size(), meeting, 0);
    try {
      Files.createDirectories(meeting);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, "cannot make " + meeting, e);
    }
    return switch (start("tidemill-" + lane.label(), command)) {
      case Start.Ready(Contender contender) -> contender;
      case Start.Absent(String reason) ->
          throw new EngineException(ErrorCode.RESOURCE, "bench allreduce cannot run: " + reason);
    };
  }

  /** The peers that can run here; of the others it is told once why not. */
  List<Contender> peers(Contest contest) {
    List<Contender> peers = new ArrayList<>();
    gloo(contest).ifPresent(peers::add);
    if (!isMpiTried) {
      isMpiTried = true;
      mpiProgram = compileMpi();
    }
    mpiProgram.ifPresent(program -> peers.addAll(openMpi(program, contest)));
    return peers;
  }

  private Optional<Contender> gloo(Contest contest) {
    Path script = copy("gloo_peer.py");
    List<String> command =
        List.of(
            python,
            script.toString(),
            Integer.toString(contest.ranks()),
            Integer.toString(contest.size().bytes()),
            folder.toString());
    return peer("gloo", command, "--python names another interpreter than " + python);
  }

  private List<Contender> openMpi(Path program, Contest contest) {
    List<Contender> variants = new ArrayList<>();
    peer("openmpi", mpirun(program, contest, List.of()), "").ifPresent(variants::add);
    for (String name : ALGORITHM_NAMES) {
      List<String> choice =
          List.of(
              "--mca",
              "coll_tuned_use_dynamic_rules",
              "1",
              "--mca",
              "coll_tuned_allreduce_algorithm",
              ALGORITHMS.get(name));
      peer("openmpi-" + name, mpirun(program, contest, choice), "").ifPresent(variants::add);
    }
    return variants;
  }

  /**
   * Its shared memory lies in our folder, which is removed: its processes are killed, and leave it.
   */
  private List<String> mpirun(Path program, Contest contest, List<String> choice) {
    List<String> command =
        new ArrayList<>(List.of("mpirun", "--allow-run-as-root", "--oversubscribe"));
    command.addAll(List.of("--mca", "btl_vader_backing_directory", folder.toString()));
    command.addAll(choice);
    command.addAll(List.of("-n", Integer.toString(contest.ranks()), program.toString()));
    command.add(Integer.toString(contest.size().bytes()));
    return command;
  }

  private Optional<Path> compileMpi() {
    Path program = folder.resolve("mpi_peer");
    List<String> command =
        List.of("mpicc", "-O2", "-o", program.toString(), copy("mpi_peer.c").toString());
    try {
      Process compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (compiler.waitFor() == 0) {
        return Optional.of(program);
      }
      tell.accept("openmpi is skipped: mpicc failed: " + output.lines().findFirst().orElse(""));
    } catch (IOException e) {
      tell.accept("openmpi is skipped: " + e.getMessage() + "; install OpenMPI to compare with it");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorCode.RESOURCE, "the benchmark was interrupted", e);
    }
    return Optional.empty();
  }

  private Optional<Contender> peer(String name, List<String> command, String advice) {
    Start start;
    try {
      start = start(name, command);
    } catch (EngineException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      start = new Start.Absent(e.getMessage());
    }
    return switch (start) {
      case Start.Ready(Contender contender) -> Optional.of(contender);
      case Start.Absent(String reason) -> {
        String sentence = name + " is skipped: " + reason + (advice.isEmpty() ? "" : "; " + advice);
        if (told.add(sentence)) {
          tell.accept(sentence);
        }
        yield Optional.empty();
      }
    };
  }

  private Start start(String name, List<String> command) {
    Path log = folder.resolve(name + "-" + processes++ + ".log");
    return Contender.start(name, command, Map.of("OMP_NUM_THREADS", "1"), log);
  }

  private Path copy(String file) {
    Path target = folder.resolve(file);
    if (!Files.exists(target)) {
      try (InputStream in = Starter.class.getResourceAsStream("peers/" + file)) {
        Files.copy(in, target);
      } catch (IOException e) {
        throw new EngineException(ErrorCode.RESOURCE, "cannot write " + target, e);
      }
    }
    return target;
  }
}
