package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SampleOrderTest {
  @Test
  void readsInOrderWhereNothingIsShuffled() {
    SampleOrder order = new SampleOrder(7, false);

    assertEquals(List.of(0L, 1L, 2L, 0L, 1L, 2L), order(order, 0, 6, 3));
  }

  @Test
  void isAPermutationOfEverySizeInEveryEpoch() {
    SampleOrder order = new SampleOrder(7, true);
    for (int samples = 1; samples <= 300; samples++) {
      for (int epoch = 0; epoch < 3; epoch++) {
        List<Long> sorted =
            order(order, (long) epoch * samples, samples, samples).stream().sorted().toList();
        assertEquals(LongStream.range(0, samples).boxed().toList(), sorted, "samples=" + samples);
      }
    }
  }

  @Test
  void differsByEpochAndBySeed() {
    List<Long> first = order(new SampleOrder(7, true), 0, 100, 100);

    assertEquals(first, order(new SampleOrder(7, true), 0, 100, 100));
    assertNotEquals(first, order(new SampleOrder(7, true), 100, 100, 100));
    assertNotEquals(first, order(new SampleOrder(8, true), 0, 100, 100));
    assertNotEquals(LongStream.range(0, 100).boxed().toList(), first);
  }

  private static List<Long> order(SampleOrder order, long from, int count, long samples) {
    return LongStream.range(from, from + count)
        .map(position -> order.indexOf(position, samples))
        .boxed()
        .toList();
  }
}
