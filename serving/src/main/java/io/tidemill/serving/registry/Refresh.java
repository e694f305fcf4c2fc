package io.tidemill.serving.registry;

import io.tidemill.error.EngineException;
import java.util.List;

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
}
