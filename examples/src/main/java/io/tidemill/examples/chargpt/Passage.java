package io.tidemill.examples.chargpt;

import java.util.Arrays;

/**
 * A piece of a text to learn from: each token is to be followed by the next.
 *
 * @param tokens one more than the model sees at once; not to be changed
 */
public record Passage(int[] tokens) {

  /** What the model sees. */
  int[] seen() {
    return Arrays.copyOf(tokens, tokens.length - 1);
  }

  /** What it should say next, at each position. */
  int[] next() {
    return Arrays.copyOfRange(tokens, 1, tokens.length);
  }
}
