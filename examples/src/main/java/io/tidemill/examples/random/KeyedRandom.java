package io.tidemill.examples.random;

/**
 * Random numbers that are a pure function of a key, so that any part of a data set can be drawn
 * alone and always comes out the same.
 *
 * <p>SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014),
 * started at a hash of the key. Only exact operations and {@link StrictMath}: the same numbers on
 * every machine. Confined to one thread.
 */
public final class KeyedRandom {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
  private static final double TWO_TO_MINUS_53 = 0x1p-53;

  private long state;

  /** The numbers of this key. */
  public KeyedRandom(long seed, long first, long second) {
    state = mix(mix(mix(seed + GOLDEN_GAMMA) ^ first) + GOLDEN_GAMMA ^ second);
  }

  /** 64 random bits. */
  public long bits() {
    state += GOLDEN_GAMMA;
    return mix(state);
  }

  /** A number from 0 up to, not including, {@code bound}, which is positive. */
  public int below(int bound) {
    return (int) Math.unsignedMultiplyHigh(bits(), bound);
  }

  /** Evenly from {@code low} up to, not including, {@code high}. */
  public double uniform(double low, double high) {
    return low + (high - low) * ((bits() >>> 11) * TWO_TO_MINUS_53);
  }

  /** Normally distributed, by Marsaglia's polar method. */
  public double normal(double mean, double deviation) {
    double x;
    double square;
    do {
      x = uniform(-1, 1);
      double y = uniform(-1, 1);
      square = x * x + y * y;
    } while (square >= 1 || square == 0);
    return mean + deviation * x * Math.sqrt(-2 * StrictMath.log(square) / square);
  }

  /** Poisson distributed, by counting how many uniform factors it takes to fall to e^-mean. */
  public int poisson(double mean) {
    double limit = StrictMath.exp(-mean);
    int count = 0;
    for (double product = uniform(0, 1); product > limit; product *= uniform(0, 1)) {
      count++;
    }
    return count;
  }

  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
