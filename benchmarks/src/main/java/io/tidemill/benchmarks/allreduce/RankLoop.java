package io.tidemill.benchmarks.allreduce;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.collective.Collective;
import io.tidemill.transport.collective.Group;
import io.tidemill.transport.collective.Slices;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;

/**
 * What a rank does: all-reduces in batches, of which rank 0 tells the others the length, by a
 * broadcast; 0 ends them.
 *
 * <p>{@link #lead} and {@link #obey} are the loop's own thread; {@link #rate} and {@link #stop} are
 * called by another.
 */
final class RankLoop {
  private static final double BATCH_SECONDS = 0.02;
  private static final long LONGEST_REST_NS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final double STOP = -1;

  /** A good part of a millisecond, where each rank has a core; MPI spins for ever. */
  private static final int SPINS = 10_000;

  private final Collective collective;
  private final Slices all;
  private final Slices order;

  /** Where in the values rank 0 writes the length of a batch. */
  private final long orderAt;

  private final IdleStrategy working;
  private final IdleStrategy resting = new BackoffIdleStrategy(100, 100, 1000, LONGEST_REST_NS);

  /** The seconds of a window, and the rate in it. */
  private final SynchronousQueue<Double> windows = new SynchronousQueue<>();

  private final SynchronousQueue<Double> rates = new SynchronousQueue<>();

  RankLoop(Collective collective) {
    this.collective = collective;
    Group group = collective.group();
    int ranks = group.ranks();
    all = Slices.even(0, group.summedFloats(), ranks);
    orderAt = group.floats() - Slices.ALIGNMENT;
    order = Slices.ownedBy(0, orderAt, group.floats(), ranks);
    int spins = ranks <= Runtime.getRuntime().availableProcessors() ? SPINS : 0;
    working = new BackoffIdleStrategy(spins, 1000, 1000, LONGEST_REST_NS / 10);
    collective.contribution(collective.rank()).fill((byte) 0);
  }

  /** As many leaves as ranks, and room behind the sum for rank 0's orders. */
  static Group group(int ranks, int floats) {
    long orders = (floats + Slices.ALIGNMENT - 1L) / Slices.ALIGNMENT * Slices.ALIGNMENT;
    return new Group(
        "bench-allreduce", 1, "bench", ranks, ranks, floats, orders + Slices.ALIGNMENT);
  }

  /** Sums as rank 0 says, until it says no more. */
  void obey() {
    long count = 1;
    while (count > 0) {
      await(collective.allGather(order), resting);
      count = (long) collective.values().getAtIndex(ValueLayout.JAVA_FLOAT, orderAt);
      batch(count);
    }
  }

  /** Rank 0: measures a window whenever one is asked for. */
  void lead() {
    double seconds = 0;
    while (seconds != STOP) {
      Double asked = windows.poll();
      if (asked == null) { // the queue says so where nobody asks
        resting.idle(collective.poll(System.nanoTime()));
      } else {
        seconds = asked;
        answer(seconds);
      }
    }
  }

  /** Operations per second, over about so many seconds. */
  double rate(double seconds) {
    try {
      windows.put(seconds);
      return rates.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorCode.RESOURCE, "the benchmark was interrupted", e);
    }
  }

  void stop() {
    rate(STOP);
  }

  private void answer(double seconds) {
    double rate = seconds == STOP ? order(0) : measure(seconds);
    try {
      rates.put(rate);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private double measure(double seconds) {
    long begunNs = System.nanoTime();
    long done = 0;
    double took = 0;
    long count = 1;
    while (took < seconds) {
      order(count);
      done += count;
      took = (System.nanoTime() - begunNs) / 1e9;
      count = Math.max(1, (long) (BATCH_SECONDS * done / took));
    }
    return done / took;
  }

  private double order(long count) {
    collective.values().setAtIndex(ValueLayout.JAVA_FLOAT, orderAt, (float) count);
    await(collective.allGather(order), working);
    batch(count);
    return 0;
  }

  private void batch(long count) {
    for (long i = 0; i < count; i++) {
      await(collective.allReduce(all), working);
    }
  }

  private void await(long number, IdleStrategy idle) {
    while (collective.completed() < number) {
      idle.idle(collective.poll(System.nanoTime()));
    }
    idle.reset();
  }
}
