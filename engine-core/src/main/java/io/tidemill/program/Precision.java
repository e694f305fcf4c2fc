package io.tidemill.program;

/**
 * What the operands of a program's matrix products are rounded to; sums, and everything else that
 * is computed and kept, are float32.
 *
 * <p>Another precision gives other bits, each the same on any number of workers.
 */
public enum Precision {
  /** Operands as they are. */
  FLOAT32("float32"),

  /**
   * bfloat16: the upper half of a float32, rounded to nearest, ties to even, so 8 bits of
   * significand over the same range (Kalamkar et al. 2019). Weights, gradients and moments stay
   * float32, and no loss has to be scaled. Convolutions and attention are not rounded.
   */
  BF16("bf16");

  private final String word;

  Precision(String word) {
    this.word = word;
  }

  /** The word that users give: float32, bf16. */
  public String word() {
    return word;
  }
}
