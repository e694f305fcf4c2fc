package io.tidemill.benchmarks.scaling;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.JavaCommand;
import io.tidemill.benchmarks.contender.Responder;
import io.tidemill.benchmarks.train.CasePipeline;
import io.tidemill.benchmarks.train.RateMeter;
import io.tidemill.dsl.Params;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.link.PeerNetwork;
import io.tidemill.local.GangMember;
import io.tidemill.local.JobOptions;
import io.tidemill.local.LocalJob;
import io.tidemill.local.MemberOptions;
import io.tidemill.local.Rendezvous;
import io.tidemill.release.Release;
import io.tidemill.train.GangHosts;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * One process of a training that is measured: NETWORK FORMATION FOLDER CORES RANK.
 *
 * <p>Rank 0 starts the others and answers the benchmark as a {@link Contender} does. Each window is
 * a job of its own, which all of them train as the cluster's workers do and which is cancelled when
 * it has been measured; the processes stay, so their compilers need not begin anew. The others are
 * told by a line on standard input what to join, {@code TRAINING MEMORY GENERATION}, and end with
 * it.
 */
public final class TrainingProcess {
  private static final long SEED = 1;

  /** On a machine that others use: rates are measured here, and not who is lost. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final String network;
  private final Formation formation;
  private final Path folder;
  private final int rank;
  private final List<Process> members = new ArrayList<>();

  private TrainingProcess(String network, Formation formation, Path folder, int rank) {
    this.network = network;
    this.formation = formation;
    this.folder = folder;
    this.rank = rank;
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
    System.setOut(System.err); // answers alone go to standard output
    Formation formation = Formation.valueOf(args[1]);
    int rank = Integer.parseInt(args[4]);
    TrainingProcess own = new TrainingProcess(args[0], formation, Path.of(args[2]), rank);
    if (rank > 0) {
      own.obey();
      return;
    }
    own.startMembers(Cores.parse(args[3]));
    new Responder(out, own::rate).serve("tidemill", Release.version(), System.in);
    System.exit(0);
  }

  /** What starts a rank, on a core of its own. */
  static List<String> command(
      String network, Formation formation, Path folder, Cores cores, int rank) {
    return cores.on(
        rank,
        JavaCommand.of(TrainingProcess.class, network, formation.name(), folder, cores, rank));
  }

  private void startMembers(Cores cores) throws IOException {
    for (int other = 1; other < formation.processes(); other++) {
      members.add(
          new ProcessBuilder(command(network, formation, folder, cores, other))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
  }

  private double rate(double seconds) {
    return RateMeter.measure(
        seconds,
        folder,
        state -> LocalJob.define(pipeline(), params(), options(state)),
        (job, meter) -> job.run(meter, MemberOptions.of(this::call).withPatience(PATIENCE)));
  }

  private void call(Rendezvous place) {
    String line =
        String.join(" ", place.training(), place.memory().toString(), "" + place.generation())
            + "\n";
    for (Process member : members) {
      try {
        member.outputWriter().append(line).flush();
      } catch (IOException e) {
        throw new EngineException(
            ErrorCode.RESOURCE, "process " + member.pid() + " of the benchmark has ended", e);
      }
    }
  }

  /** Joins what it is told to, until standard input ends. */
  private void obey() throws InterruptedException {
    BlockingQueue<String> calls = new LinkedBlockingQueue<>();
    Thread.ofPlatform().daemon().name("calls").start(() -> listen(calls));
    while (true) {
      String[] words = calls.take().split(" ", -1);
      Rendezvous place =
          new Rendezvous(
              words[0],
              Path.of(words[1]),
              Long.parseLong(words[2]),
              GangHosts.one(formation.processes()),
              "",
              "");
      GangMember.Seat seat = new GangMember.Seat(place, rank, 1, PATIENCE, PATIENCE);
      GangMember.join(pipeline(), params(), options(folder), seat, PeerNetwork.NONE).run();
    }
  }

  private static void listen(BlockingQueue<String> calls) {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      lines.lines().forEach(calls::add);
    } catch (IOException e) {
      // The leading process is gone, as with the end of the input.
    }
    Runtime.getRuntime().halt(0);
  }

  private CasePipeline<?> pipeline() {
    return CasePipeline.of(network).times(formation.batches());
  }

  private static Params params() {
    return new Params(Map.of(), SEED);
  }

  /** A thread each; no checkpoints. */
  private JobOptions options(Path state) {
    return JobOptions.of(network, "bench", state)
        .withWorkers(formation.processes())
        .withThreads(formation.processes())
        .withDevice("cpu")
        .withSeed(SEED)
        .withCheckpointEvery(0);
  }
}
