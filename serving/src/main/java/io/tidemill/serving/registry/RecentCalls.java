package io.tidemill.serving.registry;

import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;

/**
 * The last real inputs of a model, for its next version to be warmed with: {@value #KEPT} calls of
 * at most {@value #MOST_BYTES} bytes each. Any thread.
 *
 * <p>Inputs are never written to once they are read, so they are kept and not copied.
 */
final class RecentCalls {
  static final int KEPT = 16;
  static final long MOST_BYTES = 64L << 10;

  private record Call(CallSignature signature, List<NamedTensor> inputs) {}

  private final AtomicReferenceArray<Call> ring = new AtomicReferenceArray<>(KEPT);
  private final AtomicLong count = new AtomicLong();

  /** A version of that signature was asked this. */
  void add(CallSignature signature, List<NamedTensor> inputs) {
    long bytes = 0;
    for (NamedTensor input : inputs) {
      bytes += input.data().byteSize();
    }
    if (bytes <= MOST_BYTES) {
      ring.lazySet((int) (count.getAndIncrement() % KEPT), new Call(signature, inputs));
    }
  }

  /** Inputs that a version of this signature takes. */
  List<List<NamedTensor>> fitting(CallSignature signature) {
    return IntStream.range(0, KEPT)
        .mapToObj(ring::get)
        .flatMap(call -> Optional.ofNullable(call).stream())
        .filter(call -> call.signature().equals(signature))
        .map(Call::inputs)
        .toList();
  }
}
