package io.tidemill.train;

/**
 * Which sample of the log is the n-th that training sees.
 *
 * <p>A pure function of seed, epoch and position. A shuffled epoch is a keyed permutation: a
 * balanced Feistel network of four rounds over the next even power of two, walked along its cycle
 * until it falls inside the range (Black, Rogaway 2002, "Ciphers with arbitrary finite domains");
 * no index array is kept.
 */
public final class SampleOrder {
  private static final int ROUNDS = 4;

  private final long seed;
  private final boolean shuffled;

  public SampleOrder(long seed, boolean shuffled) {
    this.seed = seed;
    this.shuffled = shuffled;
  }

  /**
   * The log index of sample {@code position}.
   *
   * @param position counted over all epochs, from 0
   * @param samples samples of an epoch
   */
  public long indexOf(long position, long samples) {
    long epoch = position / samples;
    long index = position % samples;
    return shuffled ? permute(index, samples, epoch) : index;
  }

  private long permute(long index, long samples, long epoch) {
    int halfBits = Math.max(1, (65 - Long.numberOfLeadingZeros(samples - 1)) / 2);
    long key = mix(seed + mix(epoch + 1));
    long permuted = index;
    do {
      permuted = feistel(permuted, halfBits, key);
    } while (permuted >= samples);
    return permuted;
  }

  private static long feistel(long index, int halfBits, long key) {
    long mask = (1L << halfBits) - 1;
    long left = index >>> halfBits;
    long right = index & mask;
    for (int round = 0; round < ROUNDS; round++) {
      long next = left ^ (mix(key + right * ROUNDS + round) & mask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
