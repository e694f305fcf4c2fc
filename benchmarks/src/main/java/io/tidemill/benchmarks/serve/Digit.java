package io.tidemill.benchmarks.serve;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * An image with bytes as its pixels, as float32 from 0 to 1: what a model is asked about.
 *
 * @param pixels of the image, row by row
 * @param label its class, drawn too
 */
record Digit(float[] pixels, int label) {
  static final int PIXELS = 784;
  static final int CLASSES = 10;
  private static final int LEVELS = 256;

  /** A pure function of the index. */
  static Digit of(long index) {
    RandomGenerator random = new SplittableRandom(index);
    float[] pixels = new float[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      pixels[i] = random.nextInt(LEVELS) / (LEVELS - 1f);
    }
    return new Digit(pixels, random.nextInt(CLASSES));
  }
}
