package io.tidemill.tensor;

/**
 * Counter-based random numbers: a pure function of (key, counter), so any draw can be made anywhere
 * in any order and again after a restart.
 *
 * <p>Philox4x32-10, Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Each
 * stream (a parameter's name, a step and shard) is one high half of the counter; the low half is
 * the index of the draw. Stateless.
 */
public final class Philox {
  private static final int ROUNDS = 10;
  public static final long MULTIPLIER_0 = 0xD2511F53L;
  public static final long MULTIPLIER_1 = 0xCD9E8D57L;
  public static final int WEYL_0 = 0x9E3779B9;
  public static final int WEYL_1 = 0xBB67AE85;

  private Philox() {}

  /** 64 random bits: the first two words of the block for this seed, stream and index. */
  public static long bits(long seed, long stream, long index) {
    int c0 = (int) index;
    int c1 = (int) (index >>> 32);
    int c2 = (int) stream;
    int c3 = (int) (stream >>> 32);
    int k0 = (int) seed;
    int k1 = (int) (seed >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * Integer.toUnsignedLong(c0);
      long product1 = MULTIPLIER_1 * Integer.toUnsignedLong(c2);
      c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
      c1 = (int) product1;
      c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
      c3 = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    return Integer.toUnsignedLong(c0) | ((long) c1 << 32);
  }

  /** A float in [0, 1) with 24 random bits. */
  public static float uniform(long seed, long stream, long index) {
    return (bits(seed, stream, index) >>> 40) * 0x1p-24f;
  }

  /** A number of the standard normal distribution. Box, Muller 1958. */
  public static double normal(long seed, long stream, long index) {
    long bits = bits(seed, stream, index);
    double radius = Math.sqrt(-2 * StrictMath.log(((bits >>> 32) + 1) * 0x1p-32));
    return radius * StrictMath.cos(2 * StrictMath.PI * ((bits & 0xffffffffL) * 0x1p-32));
  }

  /** The stream of a name: FNV-1a, 64 bits, of its UTF-16 units. */
  public static long stream(String name) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash ^ name.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }
}
