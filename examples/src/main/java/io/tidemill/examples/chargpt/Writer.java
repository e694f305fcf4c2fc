package io.tidemill.examples.chargpt;

import io.tidemill.examples.random.KeyedRandom;
import io.tidemill.train.Predictor;
import java.util.Arrays;

/**
 * Writes on from a newline, one character after the other, by the model's probabilities.
 *
 * <p>Of these the {@code topK} largest are kept and raised to the power of {@code 1/temperature}:
 * below 1 the likely becomes likelier. Fan, Lewis, Dauphin 2018. Immutable.
 *
 * @param text whose characters it writes
 * @param length tokens that the model sees at once
 */
record Writer(Text text, int length, double temperature, int topK, long seed) {

  String write(Predictor model, int characters) {
    KeyedRandom random = new KeyedRandom(seed, characters, topK);
    StringBuilder written = new StringBuilder();
    int[] context = new int[length];
    context[0] = text.token('\n');
    int filled = 1;
    for (int i = 0; i < characters; i++) {
      int token = draw(lastOf(model.predict(context), filled), random);
      written.append(text.character(token));
      if (filled == length) {
        System.arraycopy(context, 1, context, 0, length - 1);
        filled--;
      }
      context[filled++] = token;
    }
    return written.toString();
  }

  /** The probabilities behind the last token that is filled in. */
  private float[] lastOf(float[] probabilities, int filled) {
    int count = text.characters().size();
    return Arrays.copyOfRange(probabilities, (filled - 1) * count, filled * count);
  }

  private int draw(float[] probabilities, KeyedRandom random) {
    float[] sorted = probabilities.clone();
    Arrays.sort(sorted);
    float least = sorted[Math.max(0, sorted.length - topK)];
    double[] weights = new double[probabilities.length];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = probabilities[i] < least ? 0 : StrictMath.pow(probabilities[i], 1 / temperature);
      sum += weights[i];
    }
    double left = random.uniform(0, sum);
    int last = 0;
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
}
