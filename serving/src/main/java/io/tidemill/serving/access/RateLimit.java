package io.tidemill.serving.access;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * How many requests each client may send: a token bucket for each.
 *
 * <p>A bucket holds {@code burst} requests and fills up at a steady rate; whoever finds it empty is
 * told when the next one is due. A bucket that is full again is as good as none and is dropped. So
 * that nobody fills the memory with names, clients beyond {@link #MOST_BUCKETS} that are not full
 * share one bucket. Any thread.
 *
 * @see <a href="https://en.wikipedia.org/wiki/Token_bucket">Token bucket</a>
 */
public final class RateLimit {
  /**
   * A rate.
   *
   * @param perSecond requests a second, in the long run
   * @param burst requests at once after a rest
   */
  public record Rate(double perSecond, int burst) {
    public Rate {
      if (!(perSecond > 0) || Double.isInfinite(perSecond) || burst < 1) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "rate: expected more than 0 requests a second and a burst of at least 1, found %s and %d"
                .formatted(perSecond, burst));
      }
    }

    /** As many at once as in a second. */
    public static Rate of(double perSecond) {
      return new Rate(perSecond, (int) Math.max(1, Math.ceil(perSecond)));
    }
  }

  static final int MOST_BUCKETS = 65_536;
  private static final String OTHERS = "others";

  private final long nsPerRequest;
  private final long burstNs;
  private final LongSupplier clockNs;

  /** When each bucket will be full, by the clock: one number says all of it. */
  private final Map<String, AtomicLong> fullAtNs = new ConcurrentHashMap<>();

  /** Limits by {@code clockNs}, as {@link System#nanoTime}. */
  public RateLimit(Rate rate, LongSupplier clockNs) {
    this.nsPerRequest = Math.max(1, (long) (1e9 / rate.perSecond()));
    this.burstNs = nsPerRequest * rate.burst();
    this.clockNs = clockNs;
  }

  /** Takes a request of a client's; where it has none left, how long until it has one again. */
  public Optional<Duration> take(String client) {
    long nowNs = clockNs.getAsLong();
    AtomicLong fullAt = bucket(client, nowNs);
    while (true) {
      long before = fullAt.get();
      long after = Math.max(before - nowNs, 0) + nsPerRequest;
      if (after > burstNs) {
        return Optional.of(Duration.ofNanos(after - burstNs));
      }
      if (fullAt.compareAndSet(before, nowNs + after)) {
        return Optional.empty();
      }
    }
  }

  private AtomicLong bucket(String client, long nowNs) {
    AtomicLong known = fullAtNs.get(client);
    if (known != null) {
      return known;
    }
    if (fullAtNs.size() >= MOST_BUCKETS) {
      fullAtNs.values().removeIf(fullAt -> fullAt.get() - nowNs <= 0);
    }
    String name = fullAtNs.size() >= MOST_BUCKETS ? OTHERS : client;
    return fullAtNs.computeIfAbsent(name, _ -> new AtomicLong(nowNs));
  }
}
