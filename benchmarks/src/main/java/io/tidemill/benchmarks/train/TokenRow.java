package io.tidemill.benchmarks.train;

import io.tidemill.train.Encoding;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Random tokens, and of each the one that comes next. */
record TokenRow(int[] tokens, int[] next) {
  static final int BLOCK = 64;
  static final int VOCABULARY = 65;

  /** A pure function of the index. */
  static TokenRow of(long index) {
    int[] text = new SplittableRandom(index).ints(BLOCK + 1, 0, VOCABULARY).toArray();
    return new TokenRow(Arrays.copyOf(text, BLOCK), Arrays.copyOfRange(text, 1, BLOCK + 1));
  }

  static Encoding<TokenRow> encoding() {
    return Encoding.ofSequences(BLOCK, TokenRow::tokens, TokenRow::next);
  }
}
