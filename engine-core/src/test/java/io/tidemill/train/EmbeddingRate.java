package io.tidemill.train;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Input;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Reshape;
import io.tidemill.program.Optimizer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Steps a second with a large table, dense or sparse; by hand: {@code dense|sparse ROWS STEPS
 * THREADS}.
 *
 * <p>A step looks up 1,000 uniformly drawn ids, in 200 samples and 8 shards; Adam, rows of 32; one
 * rank. A quarter of the steps is to warm up and not counted. The processor time of the process is
 * printed too, for machines that others use at the same time, and what the first thread allocates.
 */
final class EmbeddingRate {
  private static final int WIDTH = 32;
  private static final int IDS = 5;
  private static final int BATCH = 200;
  private static final int SAMPLES = 20_000;

  private static final OperatingSystemMXBean CPU =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private EmbeddingRate() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    boolean sparse = arguments[0].equals("sparse");
    int rows = Integer.parseInt(arguments[1]);
    long steps = Long.parseLong(arguments[2]);
    int threads = Integer.parseInt(arguments[3]);
    Training<int[]> training = training(rows, sparse);
    Path folder = Files.createTempDirectory("embedding-rate");
    try (Device device = Devices.open("cpu");
        Gang gang = new Gang(training, device, 1);
        SampleLog log = new SampleLog(folder, training.encoding().rowBytes());
        Arena arena = Arena.ofConfined()) {
      write(training.encoding(), rows, log);
      Batches batches = new Batches(training, log, 1);
      MemorySegment weights = arena.allocate(gang.layout().floats() * Float.BYTES, 64);
      training.network().initialise(1, weights);
      gang.parameters().write(0, weights);
      try (Rank rank = new Rank(0, threads, gang, batches, new TrainingProgress(), _ -> false)) {
        workAll(rank, threads, steps / 4);
        long startBytes = allocated();
        long startCpu = CPU.getProcessCpuTime();
        long start = System.nanoTime();
        workAll(rank, threads, steps);
        double seconds = (System.nanoTime() - start) / 1e9;
        double cpuMs = (CPU.getProcessCpuTime() - startCpu) / 1e6;
        long counted = steps - steps / 4;
        long bytes = (allocated() - startBytes) / counted;
        System.out.printf(
            "%s rows=%d width=%d lookups=%d threads=%d: %.1f steps/s, %.3f ms of CPU and %d bytes"
                + " of heap a step%n",
            arguments[0],
            rows,
            WIDTH,
            BATCH * IDS,
            threads,
            counted / seconds,
            cpuMs / counted,
            bytes);
      }
    }
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  private static Training<int[]> training(int rows, boolean sparse) {
    Embedding table = Embedding.of(rows, WIDTH);
    Network network =
        Network.sequential(
            Input.ofIds(IDS),
            sparse ? table.sparse() : table,
            Reshape.flat(),
            Dense.of(IDS * WIDTH, 1));
    return Training.of(network, Encoding.<int[]>ofTokens(IDS, ids -> ids, ids -> ids[0] % 2))
        .loss(Loss.binaryCrossEntropy())
        .optimizer(Optimizer.Adam.of(1e-3f))
        .globalBatch(BATCH)
        .shards(8)
        .epochs(1_000_000);
  }

  private static void write(Encoding<int[]> encoding, int rows, SampleLog log) {
    SplittableRandom random = new SplittableRandom(5);
    RowWriter<int[]> writer = new RowWriter<>(encoding);
    for (int sample = 0; sample < SAMPLES; sample++) {
      writer.write(random.ints(IDS, 0, rows).toArray(), log.next());
      log.append();
    }
    log.seal();
  }

  private static void workAll(Rank rank, int threads, long steps) throws InterruptedException {
    rank.allow(steps);
    Thread[] others = new Thread[threads - 1];
    for (int i = 0; i < others.length; i++) {
      int thread = i + 1;
      others[i] = Thread.ofPlatform().start(() -> work(rank, thread, steps));
    }
    work(rank, 0, steps);
    for (Thread other : others) {
      other.join();
    }
  }

  private static void work(Rank rank, int thread, long steps) {
    while (rank.completedSteps() < steps) {
      if (rank.work(thread) == 0) {
        Thread.onSpinWait();
      }
    }
  }
}
