package io.tidemill.serving.registry;

import io.tidemill.error.EngineException;
import java.util.List;
import java.util.stream.Stream;

/**
 * What one look at the store changed.
 *
 * @param loaded versions that answer now and did not before
 * @param failures versions that could not be loaded, one sentence each; what was served before
 *     stays
 */
public record Refresh(List<Loaded> loaded, List<EngineException> failures) {
  /** A version that was loaded. */
  public record Loaded(String model, int version) {}

  public Refresh {
    loaded = List.copyOf(loaded);
    failures = List.copyOf(failures);
  }

  static Refresh none() {
    return new Refresh(List.of(), List.of());
  }

  static Refresh loaded(String model, int version) {
    return new Refresh(List.of(new Loaded(model, version)), List.of());
  }

  static Refresh failed(EngineException failure) {
    return new Refresh(List.of(), List.of(failure));
  }

  Refresh and(Refresh other) {
    return new Refresh(
        Stream.concat(loaded.stream(), other.loaded.stream()).toList(),
        Stream.concat(failures.stream(), other.failures.stream()).toList());
  }
}
