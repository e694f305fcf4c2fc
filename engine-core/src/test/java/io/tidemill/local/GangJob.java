package io.tidemill.local;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.link.PeerNetwork;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Input;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Parallel;
import io.tidemill.network.Relu;
import io.tidemill.network.Reshape;
import io.tidemill.program.Optimizer;
import io.tidemill.train.Encoding;
import io.tidemill.train.GangHosts;
import io.tidemill.train.NonFinite;
import io.tidemill.train.Training;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Jobs of 250 steps, and the processes that lead them and join them.
 *
 * <p>Kinds: {@code dense}; {@code sparse}, with a table that is trained by row; {@code broken}, the
 * same table with an id that is not in it; {@code stop}, {@code skip} and {@code rollback}, some of
 * whose samples are no number; {@code blobs}, the {@link BlobsPipeline}.
 */
final class GangJob {
  static final String NAME = "points";
  static final int STEPS = 250;

  record Point(int id, float x, int group) {}

  private final Path state;
  private final String kind;
  private final int workers;

  GangJob(Path state, String kind, int workers) {
    this.state = state;
    this.kind = kind;
    this.workers = workers;
  }

  /**
   * {@code lead STATE KIND WORKERS} says where its ranks meet and waits for others; {@code join
   * STATE KIND WORKERS RANK} and that place say why they left.
   */
  public static void main(String[] arguments) {
    GangJob job = new GangJob(Path.of(arguments[1]), arguments[2], Integer.parseInt(arguments[3]));
    if (arguments[0].equals("lead")) {
      job.lead(MemberOptions.of(place -> System.out.println(String.join(" ", words(place)))));
    } else {
      Rendezvous place = place(List.of(arguments).subList(5, arguments.length));
      int rank = Integer.parseInt(arguments[4]);
      System.out.println(job.join(GangMember.Seat.of(place, rank, 1), PeerNetwork.NONE).run());
    }
  }

  /** A place on one host. */
  static List<String> words(Rendezvous place) {
    return List.of(
        place.training(),
        place.memory().toString(),
        Long.toString(place.generation()),
        place.hosts().toString());
  }

  static Rendezvous place(List<String> words) {
    return new Rendezvous(
        words.get(0),
        Path.of(words.get(1)),
        Long.parseLong(words.get(2)),
        GangHosts.parse(words.get(3)),
        "",
        "");
  }

  /** One process. */
  JobReport run() {
    return define().run(JobListener.NONE);
  }

  JobReport lead(MemberOptions members) {
    return lead(members, JobListener.NONE);
  }

  JobReport lead(MemberOptions members, JobListener listener) {
    return define().run(listener, members);
  }

  GangMember join(GangMember.Seat seat, PeerNetwork network) {
    return GangMember.join(GangJob::define, params(), options(), seat, network);
  }

  private LocalJob define() {
    return LocalJob.define(GangJob::define, params(), options());
  }

  private Params params() {
    return new Params(Map.of("kind", kind), 1);
  }

  private JobOptions options() {
    return JobOptions.of(NAME, NAME, state)
        .withWorkers(workers)
        .withThreads(1)
        .withCheckpointEvery(5)
        .withResume(Files.exists(state.resolve("jobs").resolve(NAME)));
  }

  private static void define(Pipeline p, Params params) {
    String kind = params.text("kind", "dense");
    if (kind.equals("blobs")) {
      new BlobsPipeline().define(p, params);
      return;
    }
    Training<Point> training =
        switch (kind) {
          case "dense" -> dense().clipNorm(0.5f);
          case "stop" -> dense();
          case "skip" -> dense().onNonFinite(NonFinite.SKIP_STEP);
          case "rollback" -> dense().onNonFinite(NonFinite.ROLL_BACK);
          case "pipeline" -> sparse().parallel(Parallel.pipeline(2));
          case "tensor" -> dense().clipNorm(0.5f).parallel(Parallel.tensor(2));
          default -> sparse();
        };
    p.source("points", GeneratedSource.bounded(Point.class, i -> point(i, kind), 4000))
        .train("net", training.globalBatch(16).shards(4).shuffle());
  }

  private static Training<Point> dense() {
    return Training.of(
            Network.sequential(Dense.of(1, 24), Relu.of(), Dense.of(24, 2)),
            Encoding.<Point>ofFloats(1, e -> new float[] {e.x()}, Point::group))
        .optimizer(Optimizer.Adam.of(0.01f));
  }

  private static Training<Point> sparse() {
    return Training.of(
            Network.sequential(
                Input.ofIds(2), Embedding.of(300, 24).sparse(), Reshape.flat(), Dense.of(48, 1)),
            Encoding.<Point>ofTokens(2, e -> new int[] {e.id(), e.group()}, e -> e.x()))
        .loss(Loss.meanSquaredError())
        .optimizer(Optimizer.Adam.of(0.01f));
  }

  private static Point point(long index, String kind) {
    boolean bad = index % 1000 == 123 && Set.of("stop", "skip", "rollback").contains(kind);
    float x = bad ? Float.NaN : (index * 37 % 101) / 50f - 1;
    int id = index == 1234 && kind.equals("broken") ? 300 : (int) (index * 7919 % 300);
    return new Point(id, x, x > 0 ? 1 : 0);
  }
}
