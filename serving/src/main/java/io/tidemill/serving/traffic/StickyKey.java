package io.tidemill.serving.traffic;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.CRC32C;

/**
 * What keeps the requests of one user with one version.
 *
 * @param key the user's; without one each request is drawn anew
 */
public record StickyKey(Optional<String> key) {
  public static final StickyKey NONE = new StickyKey(Optional.empty());

  /**
   * Whether a request belongs to the {@code percent} of those for a model: by the CRC32C of {@code
   * model/key}, stirred, so that a user who is among 10 % of one model is not therefore among those
   * of another, and stays when the share grows.
   */
  public boolean isAmong(int percent, String model) {
    return percent > 0 && draw(100, model) < percent;
  }

  /** A number from 0 to below {@code total}, as above always the same for a user of a model. */
  public int draw(int total, String model) {
    return key.isPresent()
        ? Integer.remainderUnsigned(stirred(model + "/" + key.get()), total)
        : ThreadLocalRandom.current().nextInt(total);
  }

  private static int stirred(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    int hash = (int) crc.getValue();
    hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
    return hash ^ (hash >>> 16);
  }
}
