package io.tidemill.serving.stream;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * How a token is drawn.
 *
 * <p>Of the probabilities the {@code topK} largest are kept and raised to the power of {@code
 * 1/temperature}: below 1 the likely becomes likelier; at 0 the likeliest is taken, the first of
 * several. Fan, Lewis, Dauphin 2018.
 *
 * @param topK 0 keeps all
 * @param seed the same one draws the same tokens of the same probabilities, on every machine
 */
record Sampling(double temperature, int topK, long seed) {
  /** The number of a token. */
  int draw(float[] probabilities, SplittableRandom random) {
    return temperature == 0 ? likeliest(probabilities) : drawn(probabilities, random);
  }

  private int drawn(float[] probabilities, SplittableRandom random) {
    float[] sorted = probabilities.clone();
    Arrays.sort(sorted);
    float least = topK == 0 ? 0 : sorted[Math.max(0, sorted.length - topK)];
    float most = sorted[sorted.length - 1];
    double[] weights = new double[probabilities.length];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      // By the largest, so that not all of them vanish at a low temperature.
      boolean isKept = probabilities[i] >= least && probabilities[i] > 0;
      weights[i] = isKept ? StrictMath.pow(probabilities[i] / most, 1 / temperature) : 0;
      sum += weights[i];
    }
    double left = random.nextDouble() * sum;
    int last = likeliest(probabilities);
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] > 0) {
        last = i;
        left -= weights[i];
        if (left < 0) {
          return i;
        }
      }
    }
    return last;
  }

  private static int likeliest(float[] probabilities) {
    int most = 0;
    for (int i = 1; i < probabilities.length; i++) {
      most = probabilities[i] > probabilities[most] ? i : most;
    }
    return most;
  }
}
