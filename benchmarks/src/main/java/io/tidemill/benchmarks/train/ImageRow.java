package io.tidemill.benchmarks.train;

import io.tidemill.train.Encoding;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A random image with a random class, as float32 pixels.
 *
 * <p>Each image comes twice, and mostly with two classes, so that it cannot be learnt by heart: a
 * training whose loss has come to nothing works on subnormal gradients, which a processor takes two
 * to three times as long for.
 */
record ImageRow(float[] pixels, int label) {
  static final int SIDE = 28;
  static final int PIXELS = SIDE * SIDE;
  static final int CLASSES = 10;

  /** A pure function of the index. */
  static ImageRow of(long index) {
    RandomGenerator random = new SplittableRandom(index / 2);
    float[] pixels = new float[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      pixels[i] = (float) random.nextGaussian();
    }
    return new ImageRow(pixels, new SplittableRandom(~index).nextInt(CLASSES));
  }

  static Encoding<ImageRow> encoding() {
    return Encoding.ofFloats(PIXELS, ImageRow::pixels, ImageRow::label);
  }
}
