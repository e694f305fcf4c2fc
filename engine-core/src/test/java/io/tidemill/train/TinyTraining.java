package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import io.tidemill.program.Optimizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.LongPredicate;

/**
 * A training of 5 steps on 23 samples, all of whose ranks one thread works in a seeded order.
 *
 * <p>Its arena has 4 lines of 16 floats, so the first of 5 ranks owns no parameter; its last step
 * has 19 samples of 24.
 */
final class TinyTraining implements AutoCloseable {
  static final int STEPS = 5;
  static final int SAMPLES = 115;
  private static final int THREADS = 2;
  private static final long SEED = 42;

  private final Gang gang;
  private final SampleLog log;
  private final Batches batches;
  private final List<Rank> ranks = new ArrayList<>();
  private final TrainingProgress progress = new TrainingProgress();
  private final Random random;

  /** {@code checkpointDue} is what the first rank asks before each step. */
  TinyTraining(
      int shards, int ranks, Device device, Path folder, long order, LongPredicate checkpointDue) {
    this(training(shards), samples(23), ranks, device, folder, order, checkpointDue);
  }

  /** Of other samples, or in another way. */
  TinyTraining(
      Training<float[]> training,
      List<float[]> samples,
      int ranks,
      Device device,
      Path folder,
      long order,
      LongPredicate checkpointDue) {
    this.random = new Random(order);
    this.gang = new Gang(training, device, ranks);
    this.log = log(folder, training.encoding(), samples);
    this.batches = new Batches(training, log, SEED);
    gang.parameters().write(0, MemorySegment.ofArray(initialParameters()));
    for (int rank = 0; rank < ranks; rank++) {
      this.ranks.add(new Rank(rank, THREADS, gang, batches, progress, checkpointDue));
      this.ranks.get(rank).remember();
    }
  }

  static Training<float[]> training(int shards) {
    Encoding<float[]> encoding = Encoding.ofFloats(3, row -> row, row -> row[0] > 0 ? 2 : 1);
    return Training.of(Network.sequential(Dense.of(3, 5), Relu.of(), Dense.of(5, 3)), encoding)
        .optimizer(Optimizer.Adam.of(0.1f))
        .schedule(Schedule.linear())
        .globalBatch(24)
        .shards(shards)
        .epochs(5)
        .shuffle();
  }

  static List<float[]> samples(int count) {
    Random numbers = new Random(7);
    List<float[]> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] sample = new float[3];
      for (int feature = 0; feature < 3; feature++) {
        sample[feature] = (float) numbers.nextGaussian();
      }
      samples.add(sample);
    }
    return samples;
  }

  float[] initialParameters() {
    return gang.training().network().initialParameters(SEED);
  }

  /** Lets all ranks go on to {@code steps} steps; returns when none finds anything to do. */
  void work(long steps) {
    ranks.forEach(rank -> rank.allow(steps));
    // A turn without work may still have published a counter, which the next turn then sees.
    for (int idleTurns = 0; idleTurns < 2; ) {
      idleTurns = turn() == 0 ? idleTurns + 1 : 0;
    }
  }

  /** Each rank in a drawn order; each may run a few units ahead of the others. */
  private int turn() {
    List<Rank> order = new ArrayList<>(ranks);
    Collections.shuffle(order, random);
    int work = 0;
    for (Rank rank : order) {
      for (int calls = 1 + random.nextInt(6); calls > 0; calls--) {
        work += rank.work(random.nextInt(THREADS));
      }
    }
    return work;
  }

  /** Goes on behind a stop as after a checkpoint. */
  void passStop() {
    for (Rank rank : ranks) {
      rank.remember();
      rank.passStop(rank.completedSteps());
    }
  }

  /** Lets all ranks do all steps that there are samples for, stops included. */
  void workToTheEnd() {
    long steps = batches.readySteps();
    for (work(steps); ranks.getFirst().completedSteps() < steps; work(steps)) {
      passStop();
    }
  }

  Gang gang() {
    return gang;
  }

  List<Rank> ranks() {
    return ranks;
  }

  TrainingProgress progress() {
    return progress;
  }

  List<Long> completedSteps() {
    return ranks.stream().map(Rank::completedSteps).toList();
  }

  float[] parameters() {
    MemorySegment copy = MemorySegment.ofArray(new float[(int) gang.layout().floats()]);
    gang.parameters().read(0, copy);
    return copy.toArray(ValueLayout.JAVA_FLOAT);
  }

  /** What every rank writes, in files, as a checkpoint gives it back. */
  RestoredState snapshot(Path folder) throws IOException {
    Map<String, List<Path>> files = new LinkedHashMap<>();
    for (int rank = 0; rank < ranks.size(); rank++) {
      TrainerState state = new TrainerState(gang, rank);
      List<StatePart> parts = new ArrayList<>(List.of(state.snapshotMoments()));
      if (rank == 0) {
        parts.add(state.snapshotWeights(ranks.getFirst().count(), 48, OptionalLong.empty()));
      }
      for (StatePart part : parts) {
        Path file = folder.resolve(part.kind() + "." + rank);
        try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          part.content().writeTo(channel);
        }
        files.computeIfAbsent(part.kind(), _ -> new ArrayList<>()).add(file);
      }
    }
    return kind -> files.getOrDefault(kind, List.of());
  }

  /** Takes up what {@link #snapshot} wrote. */
  void restore(RestoredState checkpoint) {
    for (int rank = 0; rank < ranks.size(); rank++) {
      ranks.get(rank).begin(new TrainerState(gang, rank).restore(checkpoint).orElseThrow());
    }
  }

  @Override
  public void close() {
    ranks.forEach(Rank::close);
    gang.close();
    log.close();
  }

  private static SampleLog log(Path folder, Encoding<float[]> encoding, List<float[]> samples) {
    SampleLog rows = new SampleLog(folder, encoding.rowBytes());
    for (float[] sample : samples) {
      new RowWriter<>(encoding).write(sample, rows.next());
      rows.append();
    }
    rows.seal();
    return rows;
  }
}
