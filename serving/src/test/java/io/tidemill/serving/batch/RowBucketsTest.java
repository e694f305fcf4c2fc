package io.tidemill.serving.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowBucketsTest {
  @Test
  void arePowersOfTwoFromTwoUpToTheCap() {
    assertArrayEquals(new int[] {2}, rows(new RowBuckets(1)));
    assertArrayEquals(new int[] {2}, rows(new RowBuckets(2)));
    assertArrayEquals(new int[] {2, 3}, rows(new RowBuckets(3)));
    assertArrayEquals(new int[] {2, 4, 8, 16, 32, 64}, rows(new RowBuckets(64)));
    assertArrayEquals(new int[] {2, 4, 8, 16, 32, 64, 100}, rows(new RowBuckets(100)));
  }

  @Test
  void theSmallestThatHoldsTheRowsIsTaken() {
    RowBuckets buckets = new RowBuckets(100);

    int[] taken =
        IntStream.of(1, 2, 3, 4, 5, 64, 65, 100)
            .map(rows -> buckets.rows(buckets.indexFor(rows)))
            .toArray();

    assertArrayEquals(new int[] {2, 2, 4, 4, 8, 64, 100, 100}, taken);
    assertEquals(buckets.count() - 1, buckets.indexFor(100));
  }

  private static int[] rows(RowBuckets buckets) {
    return IntStream.range(0, buckets.count()).map(buckets::rows).toArray();
  }
}
