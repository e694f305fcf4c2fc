package io.tidemill.transport.collective;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.tidemill.transport.collective.Lanes.Lane;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An operation allocates nothing on the heap once the compiler has seen it.
 *
 * <p>Over UDP a poll also runs Aeron's driver, whose two pollers of transports each go through a
 * list: C2 leaves them their iterators where vectors have 512 bits (seen with JDK 25.0.3 on AMD Zen
 * 5; none with {@code -XX:UseAVX=2}). So over UDP a poll may allocate two of them.
 */
final class AllocationTest {
  private static final int ITERATOR_BYTES = 32; // of an ArrayList, with compressed references
  private static final int OPERATIONS_PER_ROUND = 500;
  private static final int ROUNDS = 60;

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void anOperationAllocatesNothingOnceWarm(Lane lane) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Lanes lanes = new Lanes(folder)) {
      // Over UDP two: the JDK makes an address of each datagram whose sender is not the last one's.
      boolean udp = lane == Lane.UDP || lane == Lane.UDP_1408;
      int ranks = udp ? 2 : 3;
      List<Collective> group = lanes.open(lane, Group.of("g", 1, "s", ranks, 8, 5000));
      Collective[] all = group.toArray(Collective[]::new);
      Slices slices = Slices.even(0, 5000, ranks);

      long fewest = Long.MAX_VALUE;
      for (int round = 0; round < ROUNDS && fewest > 0; round++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        long polls = 0;
        for (int operation = 0; operation < OPERATIONS_PER_ROUND; operation++) {
          polls += operate(all, slices);
        }
        long after = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        long iterators = udp ? polls * 2 * ITERATOR_BYTES : 0;
        fewest = Math.min(fewest, Math.max(0, after - before - iterators));
      }

      assertEquals(0, fewest / OPERATIONS_PER_ROUND, "bytes an operation");
    }
  }

  /** Three operations of each rank, from begin to end; how often a rank was polled. */
  private static long operate(Collective[] ranks, Slices slices) {
    long number = 0;
    long polls = 0;
    for (Collective rank : ranks) {
      rank.reduceScatter(slices);
      rank.allGather(slices);
      number = rank.allReduce(slices);
    }
    boolean isDone = false;
    while (!isDone) {
      isDone = true;
      for (Collective rank : ranks) {
        rank.poll(System.nanoTime());
        polls++;
        isDone &= rank.completed() == number;
      }
    }
    return polls;
  }
}
