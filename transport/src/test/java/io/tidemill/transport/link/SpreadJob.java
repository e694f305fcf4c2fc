package io.tidemill.transport.link;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.connector.csv.CsvSink;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.Stream;
import io.tidemill.link.PeerNetwork;
import io.tidemill.local.GangMember;
import io.tidemill.local.JobListener;
import io.tidemill.local.JobOptions;
import io.tidemill.local.JobReport;
import io.tidemill.local.LocalJob;
import io.tidemill.local.MemberOptions;
import io.tidemill.local.Members;
import io.tidemill.local.Rendezvous;
import io.tidemill.local.TaskMember;
import io.tidemill.local.TaskRendezvous;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.program.Optimizer;
import io.tidemill.state.ValueState;
import io.tidemill.train.Encoding;
import io.tidemill.train.GangHosts;
import io.tidemill.train.Training;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Readings of four splits, counted by meter in windows of a tenth of a second, the counts summed by
 * street: into a file, and into a training where it is of kind {@code train} and not {@code
 * stream}. And the processes that run it.
 */
final class SpreadJob {
  static final String NAME = "spread";

  private static final int SPLITS = 4;
  private static final long WINDOW_MS = 100;

  private final Path state;
  private final String kind;
  private final int records;
  private final int workers;

  record Reading(long ms, int meter, float watts) {}

  record Count(long ms, int meter, int street, long readings, float watts) {}

  SpreadJob(Path state, String kind, int records, int workers) {
    this.state = state;
    this.kind = kind;
    this.records = records;
    this.workers = workers;
  }

  /**
   * {@code STATE KIND RECORDS WORKERS} and one of: {@code lead}, which says where others join;
   * {@code tasks WORKER} or {@code rank RANK} with that place, which say why they left.
   */
  public static void main(String[] words) {
    SpreadJob job =
        new SpreadJob(
            Path.of(words[0]), words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3]));
    List<String> place = List.of(words).subList(Math.min(words.length, 6), words.length);
    switch (words[4]) {
      case "lead" -> job.lead(new Teller(), JobListener.NONE);
      case "tasks" -> System.out.println(job.tasks(place, Integer.parseInt(words[5])));
      default -> System.out.println(job.rank(place, Integer.parseInt(words[5])));
    }
  }

  /** Says where others join. */
  private static final class Teller implements Members {
    @Override
    public void join(Rendezvous place) {
      System.out.println("rank " + String.join(" ", words(place)));
    }

    @Override
    public void joinTasks(TaskRendezvous place) {
      System.out.println("tasks " + String.join(" ", words(place)));
    }
  }

  static List<String> words(TaskRendezvous place) {
    return List.of(
        "" + place.generation(),
        place.hosts().toString(),
        "" + place.threads(),
        place.address(),
        place.secret());
  }

  static List<String> words(Rendezvous place) {
    return List.of(
        place.training(),
        place.memory().toString(),
        "" + place.generation(),
        place.hosts().toString());
  }

  /** One process. */
  JobReport run() {
    return define().run(JobListener.NONE);
  }

  JobReport lead(Members members, JobListener listener) {
    return define().run(listener, MemberOptions.of(members).withNetwork(network()));
  }

  private String tasks(List<String> place, int worker) {
    TaskRendezvous where =
        new TaskRendezvous(
            Long.parseLong(place.get(0)),
            GangHosts.parse(place.get(1)),
            Integer.parseInt(place.get(2)),
            place.get(3),
            place.get(4));
    return TaskMember.join(
            this::define, params(), options(), TaskMember.Seat.of(where, worker), network())
        .run(JobListener.NONE);
  }

  private String rank(List<String> place, int rank) {
    Rendezvous where =
        new Rendezvous(
            place.get(0),
            Path.of(place.get(1)),
            Long.parseLong(place.get(2)),
            GangHosts.parse(place.get(3)),
            "",
            "");
    GangMember.Seat seat = GangMember.Seat.of(where, rank, 1);
    return GangMember.join(this::define, params(), options(), seat, PeerNetwork.NONE).run();
  }

  Path rows() {
    return state.resolveSibling(state.getFileName() + ".csv");
  }

  LocalJob define() {
    return LocalJob.define(this::define, params(), options());
  }

  private Params params() {
    return new Params(Map.of(), 1);
  }

  private JobOptions options() {
    return JobOptions.of(NAME, NAME, state)
        .withWorkers(workers)
        .withThreads(workers)
        .withCheckpointEvery(10)
        .withResume(Files.exists(state.resolve("jobs").resolve(NAME)));
  }

  private static PeerNetwork network() {
    return new AeronNetwork(InetAddress.getLoopbackAddress());
  }

  private void define(Pipeline p, Params params) {
    Stream<Count> counts =
        p.source(
                "readings",
                GeneratedSource.bounded(Reading.class, SpreadJob::reading, records)
                    .withSplits(SPLITS))
            .eventTime(reading -> Instant.ofEpochMilli(reading.ms()), Duration.ofMillis(5))
            .keyBy("by-meter", Reading::meter)
            .process("window", Window::new)
            .keyBy("by-street", Count::street)
            .process("street", Street::new);
    counts.sink(
        "rows",
        CsvSink.of(
            rows(),
            List.of("ms", "meter", "street", "readings", "watts"),
            (count, line) ->
                line.add(count.ms())
                    .add((long) count.meter())
                    .add((long) count.street())
                    .add(count.readings())
                    .add(count.watts())));
    if (kind.equals("train")) {
      Network network = Network.sequential(Dense.of(2, 16), Relu.of(), Dense.of(16, 2));
      counts.train(
          "net",
          Training.of(
                  network,
                  Encoding.<Count>ofFloats(
                      2, c -> new float[] {c.readings() / 10f, c.watts()}, c -> c.street() % 2))
              .optimizer(Optimizer.Adam.of(0.01f))
              .globalBatch(32)
              .shards(4));
    }
  }

  /** Counts the readings of a meter until the window that the first of them opened is over. */
  static final class Window extends KeyedProcess<Integer, Reading, Count> {
    private final ValueState<Long> readings = value("readings", Long.class);
    private final ValueState<Float> watts = value("watts", Float.class);

    @Override
    public void process(Integer meter, Reading reading, Context<Count> context) {
      if (readings.orElse(0L) == 0) {
        context.registerTimer((context.timeMs() / WINDOW_MS + 1) * WINDOW_MS);
      }
      readings.set(readings.orElse(0L) + 1);
      watts.set(watts.orElse(0f) * 0.5f + reading.watts());
    }

    @Override
    public void onTimer(Integer meter, long timeMs, Context<Count> context) {
      context.emit(new Count(timeMs, meter, meter % 5, readings.orElse(0L), watts.orElse(0f)));
      readings.set(0L);
    }
  }

  /** A sum whose last bits tell in which order it was made. */
  static final class Street extends KeyedProcess<Integer, Count, Count> {
    private final ValueState<Float> sum = value("sum", Float.class);

    @Override
    public void process(Integer street, Count count, Context<Count> context) {
      sum.set(sum.orElse(0f) * 0.9f + count.watts());
      context.emit(new Count(count.ms(), count.meter(), street, count.readings(), sum.orElse(0f)));
    }
  }

  private static Reading reading(long index) {
    long h = (index + 1) * 0x9e3779b97f4a7c15L;
    h ^= h >>> 31;
    return new Reading(
        index / 2 + Math.floorMod(h >>> 7, 4L),
        (int) Math.floorMod(h >>> 16, 37L),
        (h >>> 24 & 255) / 200f);
  }
}
