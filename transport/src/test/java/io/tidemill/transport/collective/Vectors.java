package io.tidemill.transport.collective;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Vectors of the tests, and the sum of them by plain loops. */
final class Vectors {
  private static final float[] SPECIAL = {
    0f,
    -0f,
    Float.NaN,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    1e-38f
  };

  private Vectors() {}

  /** One vector a leaf; most sums of their numbers depend on the order, some are special. */
  static float[][] random(int leaves, int floats, long seed) {
    Random random = new Random(seed);
    float[][] vectors = new float[leaves][floats];
    for (float[] vector : vectors) {
      for (int i = 0; i < floats; i++) {
        vector[i] =
            random.nextInt(50) == 0
                ? SPECIAL[random.nextInt(SPECIAL.length)]
                : (float) Math.scalb(random.nextGaussian(), random.nextInt(40) - 20);
      }
    }
    return vectors;
  }

  /** The oracle: the tree of DESIGN §7, one number at a time. */
  static float treeSum(float[][] vectors, int from, int to, int at) {
    if (to - from == 1) {
      return vectors[from][at];
    }
    int middle = from + Integer.highestOneBit(to - from - 1);
    return treeSum(vectors, from, middle, at) + treeSum(vectors, middle, to, at);
  }

  static void put(float[] vector, MemorySegment target) {
    MemorySegment.copy(vector, 0, target, ValueLayout.JAVA_FLOAT, 0, vector.length);
  }

  /** Compares bits; NaN is NaN. */
  static void assertSums(float[][] vectors, MemorySegment values, long from, long to, String what) {
    for (int i = (int) from; i < to; i++) {
      int expected = Float.floatToIntBits(treeSum(vectors, 0, vectors.length, i));
      int actual = Float.floatToIntBits(values.getAtIndex(ValueLayout.JAVA_FLOAT, i));
      if (expected != actual) {
        assertEquals(expected, actual, what + ", float " + i);
      }
    }
  }
}
