package io.tidemill.train;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.device.SumTree;
import io.tidemill.error.EngineException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A rank's shards, where none is cut: a unit is the gradient of one of them.
 *
 * <p>That of a later micro-batch is added to those before it. Units may be done in any order.
 */
final class WholeShards implements GradientUnits {
  private final Gang gang;
  private final Batches batches;
  private final int firstShard;
  private final int count;

  /** Of each thread. */
  private final List<Execution> executions = new ArrayList<>();

  /** For each thread, where a later micro-batch's gradient stands until it is added. */
  private final List<DeviceBuffer> later = new ArrayList<>();

  /** For each thread, what that gradient has touched; empty between two of them. */
  private final List<TouchedRows> laterTouched = new ArrayList<>();

  WholeShards(Gang gang, int rank, int threads, Batches batches) {
    this.gang = gang;
    this.batches = batches;
    this.firstShard = gang.firstShard(rank);
    this.count = gang.firstShard(rank + 1) - firstShard;
    for (int thread = 0; thread < threads; thread++) {
      executions.add(gang.shardProgram().newExecution());
      if (gang.training().accumulated() > 1) {
        later.add(gang.device().allocate(gang.layout().floats()));
        laterTouched.add(new TouchedRows(gang.layout()));
      }
    }
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public void run(int unit, long step, int microBatch, int thread) {
    int shard = firstShard + unit;
    Execution execution = executions.get(thread);
    DeviceBuffer sum = gang.gradientOf(shard);
    batches.fill(step, microBatch, shard, execution);
    if (microBatch == 0) {
      run(execution, sum, step, shard);
      gang.lossOf(shard, lossOf(execution));
    } else {
      run(execution, later.get(thread), step, shard);
      add(later.get(thread), laterTouched.get(thread), execution, sum);
      gang.addLossOf(shard, lossOf(execution));
    }
    gang.touched(step).mark(execution);
  }

  @Override
  public Optional<Execution> whole(int thread) {
    return Optional.of(executions.get(thread));
  }

  @Override
  public void close() {
    executions.forEach(Execution::close);
    later.forEach(DeviceBuffer::close);
  }

  private void run(Execution execution, DeviceBuffer gradient, long step, int shard) {
    try {
      execution.run(gang.parameters(), gradient);
    } catch (EngineException e) {
      throw GradientUnits.placed(e, step, shard);
    }
  }

  /** Adds the gradient of a later micro-batch where it is one; elsewhere lie older ones. */
  private void add(DeviceBuffer next, TouchedRows touched, Execution execution, DeviceBuffer sum) {
    SumTree terms = SumTree.of(List.of(sum, next));
    long to = gang.layout().floats();
    touched.mark(execution);
    long from = touched.next(0, to);
    while (from < to) {
      long end = touched.end(from, to);
      gang.device().treeSum(terms, sum, from, end);
      from = touched.next(end, to);
    }
    touched.clear(0, to);
  }

  private static float lossOf(Execution execution) {
    return execution.output("loss").get(ValueLayout.JAVA_FLOAT, 0);
  }
}
