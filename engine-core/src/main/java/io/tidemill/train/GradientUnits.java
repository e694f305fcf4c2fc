package io.tidemill.train;

import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import java.util.Optional;

/** A rank's part of the gradients of a step, as units that the threads of the rank share. */
sealed interface GradientUnits extends AutoCloseable permits WholeShards, ShardUnits {
  /** Units of this rank in a micro-batch. */
  int count();

  /**
   * Does a unit that was begun.
   *
   * @param step from 0
   */
  void run(int unit, long step, int microBatch, int thread);

  /** A thread's execution of whole shards; empty where shards are cut. */
  Optional<Execution> whole(int thread);

  /** What the data is to blame for, an id outside its table, with its place. */
  static EngineException placed(EngineException failure, long step, int shard) {
    return new EngineException(
        failure.code(),
        failure.getMessage() + " at step=" + (step + 1) + " shard=" + shard,
        failure);
  }

  @Override
  void close();
}
