package io.tidemill.benchmarks.allreduce;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.Windows;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Times of our own all-reduces at any size, for who models them. */
public final class LaneTimes {
  private static final int RANKS = 2;
  private static final int ROUNDS = 5;
  private static final double WARM_UP_SECONDS = 2;

  private final Path folder;
  private final Consumer<String> tell;

  /**
   * @param folder where ranks meet, in a file system in memory
   * @param tell takes sentences of progress
   */
  public LaneTimes(Path folder, Consumer<String> tell) {
    this.folder = folder;
    this.tell = tell;
  }

  /**
   * Seconds of an all-reduce of {@code bytes} a rank over two processes of this host: the best of
   * five windows, since a model asks what the lane takes and not what others take from it.
   */
  public double seconds(Lane lane, int bytes, double windowSeconds) {
    Contest contest = new Contest(RANKS, new Size(bytes + "B", bytes));
    Windows seconds = new Windows();
    try (Contender ours = new Starter("", folder, tell).ours(contest, lane)) {
      ours.rate(WARM_UP_SECONDS);
      for (int round = 0; round < ROUNDS; round++) {
        seconds.add(1 / ours.rate(windowSeconds));
      }
    }
    return seconds.least();
  }
}
