package io.tidemill.serving.registry;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * What could not be loaded, and when it is tried again: after a second, then after twice as long
 * each time, up to a minute. One thread writes; any thread reads.
 *
 * @param <K> what is loaded
 */
final class LoadFailures<K> {
  private static final long FIRST_NS = 1_000_000_000L;
  private static final long LONGEST_NS = 60_000_000_000L;

  /** {@code waitNs}: how long it is let be after {@code atNs}. */
  private record Failure(String sentence, long atNs, long waitNs) {}

  private final LongSupplier clockNs;
  private final Map<K, Failure> failures = new ConcurrentHashMap<>();

  LoadFailures(LongSupplier clockNs) {
    this.clockNs = clockNs;
  }

  /** Whether it may be tried now. */
  boolean mayTry(K what) {
    Failure failure = failures.get(what);
    return failure == null || clockNs.getAsLong() - failure.atNs() >= failure.waitNs();
  }

  /**
   * It was tried in vain.
   *
   * @return whether that is news: the sentence is another one than the last time
   */
  boolean failed(K what, String sentence) {
    Failure before = failures.get(what);
    long waitNs = before == null ? FIRST_NS : Math.min(2 * before.waitNs(), LONGEST_NS);
    failures.put(what, new Failure(sentence, clockNs.getAsLong(), waitNs));
    return before == null || !before.sentence().equals(sentence);
  }

  /** It was loaded, is gone, or somebody asks for it: what was before is forgotten. */
  void forget(K what) {
    failures.remove(what);
  }

  /** Why it could not be loaded the last time. */
  Optional<String> sentence(K what) {
    return Optional.ofNullable(failures.get(what)).map(Failure::sentence);
  }
}
