package io.tidemill.serving.http;

import java.util.Map;
import java.util.Optional;

/** The parts of a request's path that a route names, for example {@code model}. */
public record PathValues(Map<String, String> byName) {
  public PathValues {
    byName = Map.copyOf(byName);
  }

  /** The part that the route calls {@code name}. */
  public String get(String name) {
    return byName.get(name);
  }

  String model() {
    return byName.get("model");
  }

  Optional<String> version() {
    return Optional.ofNullable(byName.get("version"));
  }
}
