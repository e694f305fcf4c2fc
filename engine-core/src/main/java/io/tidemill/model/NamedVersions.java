package io.tidemill.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.error.EngineException;
import io.tidemill.storage.Json;
import io.tidemill.storage.SealedJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * The versions that the traffic of a model names, which are not deleted; of {@code traffic.json},
 * which servers write, nothing else is looked at.
 */
final class NamedVersions {
  private static final SealedJson<JsonNode> FORMAT =
      new SealedJson<>(Json.mapper(), JsonNode.class, 1, Integer.MAX_VALUE);

  private final Path file;

  NamedVersions(Path modelFolder) {
    this.file = modelFolder.resolve("traffic.json");
  }

  /** Whether a version is named now; where the file cannot be read every one may be. */
  boolean contains(int version) {
    if (!Files.exists(file)) {
      return false;
    }
    try {
      return named(FORMAT.read(file)).contains(version);
    } catch (EngineException e) {
      return true;
    }
  }

  private static Set<Integer> named(JsonNode traffic) {
    Set<Integer> named = new HashSet<>();
    for (String field : new String[] {"stable", "canary", "shadow"}) {
      named.add(traffic.path(field).asInt());
    }
    traffic.path("labels").forEach(version -> named.add(version.asInt()));
    traffic
        .path("weights")
        .fieldNames()
        .forEachRemaining(version -> ModelFolders.version(version).ifPresent(named::add));
    return named;
  }
}
