package io.tidemill.serving.http;

import java.util.Map;
import java.util.Optional;

/** The parts of a request's path that a route names, for example {@code model}. */
record PathValues(Map<String, String> byName) {
  PathValues {
    byName = Map.copyOf(byName);
  }

  String model() {
    return byName.get("model");
  }

  Optional<String> version() {
    return Optional.ofNullable(byName.get("version"));
  }
}
