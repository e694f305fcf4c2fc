package io.tidemill.local;

import io.tidemill.dsl.Params;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.link.PeerNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures how fast a pipeline trains in one process or in several of this host, by so many threads
 * together: {@code GangRate PIPELINE-CLASS PROCESSES THREADS [key=value ...]}.
 */
final class GangRate {
  private GangRate() {}

  /** {@code join} in front, the rank and the place: a member. */
  public static void main(String[] arguments) throws Exception {
    List<String> words = new ArrayList<>(List.of(arguments));
    if (words.getFirst().equals("join")) {
      int rank = Integer.parseInt(words.get(1));
      Rendezvous place = GangJob.place(words.subList(2, 6));
      words.subList(0, 6).clear();
      GangMember.Seat seat = GangMember.Seat.of(place, rank, threads(words) / processes(words));
      JobOptions options = options(words, place.memory());
      GangMember.join(pipeline(words), params(words), options, seat, PeerNetwork.NONE).run();
      return;
    }
    Path state = Files.createTempDirectory("gang-rate");
    LocalJob job = LocalJob.define(pipeline(words), params(words), options(words, state));
    JobReport report =
        job.run(
            JobListener.NONE,
            MemberOptions.of(
                place -> {
                  for (int rank = 1; rank < place.ranks(); rank++) {
                    start(place, rank, arguments);
                  }
                }));
    System.out.printf(
        "%d processes, %d threads: %.0f samples/s, %d steps, weights %s%n",
        report.workers(),
        threads(words),
        report.samplesPerSecond(),
        report.steps(),
        report.weightsSha256().orElseThrow().substring(0, 12));
  }

  private static PipelineDefinition pipeline(List<String> words) throws Exception {
    return Class.forName(words.getFirst())
        .asSubclass(PipelineDefinition.class)
        .getDeclaredConstructor()
        .newInstance();
  }

  private static Params params(List<String> words) {
    return Params.parse(words.subList(3, words.size()), 1);
  }

  private static JobOptions options(List<String> words, Path state) {
    return JobOptions.of("rate", "rate", state)
        .withWorkers(processes(words))
        .withThreads(threads(words))
        .withCheckpointEvery(0);
  }

  private static int processes(List<String> words) {
    return Integer.parseInt(words.get(1));
  }

  private static int threads(List<String> words) {
    return Integer.parseInt(words.get(2));
  }

  private static void start(Rendezvous place, int rank, String[] arguments) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.add("@" + System.getProperty("jvm.flags", "jvm.flags"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(GangRate.class.getName(), "join", "" + rank));
    command.addAll(GangJob.words(place));
    command.addAll(List.of(arguments));
    try {
      new ProcessBuilder(command).inheritIO().start();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
