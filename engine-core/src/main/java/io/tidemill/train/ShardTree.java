package io.tidemill.train;

import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.SumTree;
import java.util.ArrayList;
import java.util.List;

/**
 * The fixed tree over the shards of a step, cut along the hosts that have computed them: a host
 * sends the sums of the largest sub-trees that are its own, and whoever adds these goes on in the
 * same order as one process would (DESIGN §7). Immutable.
 */
final class ShardTree {
  private final Gang gang;
  private final List<DeviceBuffer> gradients;

  /**
   * The sum of shards [shard, ...), which all are of one host; it lies where {@code shard}'s does.
   */
  record Part(int shard, SumTree tree) {}

  ShardTree(Gang gang) {
    this.gang = gang;
    this.gradients = gang.gradients();
  }

  /** As {@code host} sums: its own shards one by one, and others' as what was sent of them. */
  SumTree seenBy(int host) {
    return seenBy(host, 0, gradients.size());
  }

  /** What a host sends of its shards, in their order. */
  List<Part> partsOf(int host) {
    List<Part> parts = new ArrayList<>();
    collect(host, 0, gradients.size(), parts);
    return List.copyOf(parts);
  }

  private SumTree seenBy(int host, int from, int to) {
    if (to - from == 1 || (!isOf(host, from, to) && isOfOne(from, to))) {
      return new SumTree.Term(gradients.get(from));
    }
    int middle = from + SumTree.middle(to - from);
    return new SumTree.Sum(seenBy(host, from, middle), seenBy(host, middle, to));
  }

  private void collect(int host, int from, int to, List<Part> parts) {
    if (isOf(host, from, to)) {
      parts.add(new Part(from, SumTree.of(gradients.subList(from, to))));
    } else if (to - from > 1) {
      int middle = from + SumTree.middle(to - from);
      collect(host, from, middle, parts);
      collect(host, middle, to, parts);
    }
  }

  private boolean isOfOne(int from, int to) {
    return gang.hostOfShard(from) == gang.hostOfShard(to - 1);
  }

  private boolean isOf(int host, int from, int to) {
    return gang.hostOfShard(from) == host && isOfOne(from, to);
  }
}
