package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import java.util.List;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GangTest {
  /** Numbers whose sum depends on the order: 2^24 + 1 is 2^24 in float32. */
  private static final float[] L = {0x1p24f, 1, 1, 1, 0x1p24f, -0x1p24f, 1, 3};

  @Test
  void sumsLossesByTheTreeThatIsCutAtTheLargestPowerOfTwo() {
    assertEquals(L[0], loss(1));
    assertEquals((L[0] + L[1]) + L[2], loss(3));
    assertEquals(((L[0] + L[1]) + (L[2] + L[3])) + (L[4] + L[5]), loss(6));
    assertEquals(((L[0] + L[1]) + (L[2] + L[3])) + ((L[4] + L[5]) + (L[6] + L[7])), loss(8));
    assertNotEquals((L[0] + (L[1] + L[2])) + (L[3] + (L[4] + L[5])), loss(6));
    assertNotEquals(fromLeftToRight(6), loss(6));
    assertNotEquals(fromLeftToRight(8), loss(8));
  }

  @Test
  void cutsShardsAndParametersIntoRunsThatLeaveNothingOut() {
    try (Device device = Devices.open("cpu");
        Gang even = new Gang(TinyTraining.training(8), device, 3);
        Gang uneven = new Gang(TinyTraining.training(6), device, 5)) {
      assertEquals(List.of(0L, 2L, 5L, 8L), starts(3, even::firstShard));
      assertEquals(List.of(0L, 16L, 32L, 64L), starts(3, even::sliceStart));
      assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 6L), starts(5, uneven::firstShard));
      assertEquals(List.of(0L, 0L, 16L, 32L, 48L, 64L), starts(5, uneven::sliceStart));
    }
  }

  private static List<Long> starts(int ranks, IntToLongFunction start) {
    return IntStream.rangeClosed(0, ranks).mapToLong(start).boxed().toList();
  }

  private static float loss(int shards) {
    try (Device device = Devices.open("cpu");
        Gang gang = new Gang(TinyTraining.training(shards), device, 1)) {
      for (int shard = 0; shard < shards; shard++) {
        gang.lossOf(shard, L[shard]);
      }
      return gang.loss();
    }
  }

  private static float fromLeftToRight(int shards) {
    float sum = 0;
    for (int shard = 0; shard < shards; shard++) {
      sum += L[shard];
    }
    return sum;
  }
}
