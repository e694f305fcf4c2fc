package io.tidemill.benchmarks.serve;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Judges the answers that come while versions change: each has to be of a version that was
 * published, with that version's bits, and none may be older than what the server had confirmed
 * before the request was sent.
 *
 * <p>{@link #take} belongs to the thread of the load; the others may be called from another one.
 */
final class SwapTraffic {
  private final Map<Integer, byte[]> tensors = new ConcurrentHashMap<>();
  private volatile Confirmed confirmed = new Confirmed(0, 0);
  private volatile Latencies latencies = new Latencies();
  private final AtomicReference<Optional<String>> firstFailure =
      new AtomicReference<>(Optional.empty());
  private final AtomicLong failed = new AtomicLong();

  private record Confirmed(int version, long atNs) {}

  /** Before a version is published: the bytes of the tensors that it has to answer with. */
  void expect(int version, byte[] answer) {
    tensors.put(version, answer);
  }

  /** The server says that it serves this version. */
  void confirm(int version) {
    confirmed = new Confirmed(version, System.nanoTime());
  }

  /** Latencies go here from now on. */
  void recordInto(Latencies phase) {
    latencies = phase;
  }

  /** Judges an answer. */
  void take(Answer answer) {
    latencies.add(answer.latencyNs());
    fault(answer)
        .ifPresent(
            fault -> {
              failed.incrementAndGet();
              firstFailure.compareAndSet(Optional.empty(), Optional.of(fault));
            });
  }

  /** Answers that were wrong, or none. */
  long failed() {
    return failed.get();
  }

  Optional<String> firstFailure() {
    return firstFailure.get();
  }

  private Optional<String> fault(Answer answer) {
    if (answer.status() != 200) {
      return Optional.of("status " + answer.status());
    }
    Confirmed at = confirmed;
    int version = answer.modelVersion().orElse(-1);
    byte[] expected = tensors.get(version);
    if (expected == null) {
      return Optional.of("version " + version + ", which was never published");
    }
    if (answer.dueNs() > at.atNs() && version < at.version()) {
      return Optional.of("version %d after version %d".formatted(version, at.version()));
    }
    byte[] found = answer.tensors();
    return Arrays.equals(expected, found)
        ? Optional.empty()
        : Optional.of("other bits than those of version " + version);
  }
}
