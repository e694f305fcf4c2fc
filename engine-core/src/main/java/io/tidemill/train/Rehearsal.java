package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.device.SumTree;
import io.tidemill.program.Optimizer;
import java.util.ArrayList;
import java.util.List;

/**
 * One thread's steps on zeros while the data is on its way, so that the just-in-time compiler has
 * done its work when the data comes. Without effect on anything but speed: what it writes is its
 * own.
 */
final class Rehearsal implements AutoCloseable {
  /** As many floats as a chunk of an arena has. */
  private static final long FLOATS = ArenaCut.MOST_CHUNK_FLOATS;

  /** By then the compiler has seen enough, or nothing that it can make faster. */
  private static final int MOST_STEPS = 200;

  private final Device device;
  private final Execution execution;
  private final boolean isOwn;
  private final Optimizer optimizer;
  private final boolean needsNorm;
  private final DeviceBuffer parameters;
  private final DeviceBuffer gradients;
  private final List<DeviceBuffer> shards = new ArrayList<>();
  private final SumTree tree;
  private final SumTree total;
  private final List<DeviceBuffer> moments = new ArrayList<>();
  private int steps;

  /**
   * {@code execution} is that of the thread, or its own and closed with it; its inputs are zero,
   * and weights of 0 ask nothing.
   */
  Rehearsal(Gang gang, Execution execution, boolean isOwn) {
    this.isOwn = isOwn;
    this.device = gang.device();
    this.execution = execution;
    this.optimizer = gang.training().optimizer();
    this.needsNorm = gang.training().needsNorm();
    this.parameters = device.allocate(gang.layout().floats());
    this.gradients = device.allocate(gang.layout().floats());
    for (int shard = 0; shard < gang.training().shards(); shard++) {
      shards.add(device.allocate(FLOATS));
    }
    this.tree = SumTree.of(shards);
    this.total = new SumTree.Term(shards.getFirst());
    for (int i = 0; i < optimizer.moments(); i++) {
      moments.add(device.allocate(FLOATS));
    }
  }

  /** One step; 0 where enough were done. */
  int step() {
    if (steps == MOST_STEPS) {
      return 0;
    }
    steps++;
    execution.run(parameters, gradients);
    DeviceBuffer sum = shards.getFirst();
    if (needsNorm) {
      device.treeSum(tree, sum, 0, FLOATS);
      device.scale(sum, (float) device.sumOfSquares(sum, 0, FLOATS), 0, FLOATS);
    }
    device.update(optimizer, steps, sum, needsNorm ? total : tree, moments, 0, FLOATS);
    return 1;
  }

  @Override
  public void close() {
    if (isOwn) {
      execution.close();
    }
    parameters.close();
    gradients.close();
    shards.forEach(DeviceBuffer::close);
    moments.forEach(DeviceBuffer::close);
  }
}
