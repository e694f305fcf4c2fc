package io.tidemill.benchmarks.train;

import io.tidemill.train.Encoding;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** A random image with a random class, as float32 pixels. */
record ImageRow(float[] pixels, int label) {
  static final int SIDE = 28;
  static final int PIXELS = SIDE * SIDE;
  static final int CLASSES = 10;

  /** A pure function of the index. */
  static ImageRow of(long index) {
    RandomGenerator random = new SplittableRandom(index);
    float[] pixels = new float[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      pixels[i] = (float) random.nextGaussian();
    }
    return new ImageRow(pixels, random.nextInt(CLASSES));
  }

  static Encoding<ImageRow> encoding() {
    return Encoding.ofFloats(PIXELS, ImageRow::pixels, ImageRow::label);
  }
}
