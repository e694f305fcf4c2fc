package io.tidemill.network;

/**
 * Names to begin a {@link Parallelism} with, to be imported statically: {@code data(4)}, {@code
 * data(2).tensor(2)}, {@code pipeline(2)}.
 */
public final class Parallel {
  private Parallel() {}

  /** {@code n} workers share the shards of a step. */
  public static Parallelism data(int n) {
    return Parallelism.NONE.data(n);
  }

  /** A shard goes through {@code n} stages. */
  public static Parallelism pipeline(int n) {
    return Parallelism.NONE.pipeline(n);
  }

  /** {@code n} workers share the matrix products of a shard. */
  public static Parallelism tensor(int n) {
    return Parallelism.NONE.tensor(n);
  }
}
