package io.tidemill.serving.registry;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The versions of one model that are loaded; requests that name none get the highest.
 *
 * <p>A value: an exchange makes another one.
 */
record ModelVersions(String name, NavigableMap<Integer, LoadedModel> byVersion) {
  ModelVersions {
    byVersion = Collections.unmodifiableNavigableMap(new TreeMap<>(byVersion));
  }

  static ModelVersions none(String name) {
    return new ModelVersions(name, new TreeMap<>());
  }

  ModelVersions with(LoadedModel model) {
    TreeMap<Integer, LoadedModel> versions = new TreeMap<>(byVersion);
    versions.put(model.version(), model);
    return new ModelVersions(name, versions);
  }

  ModelVersions without(int version) {
    TreeMap<Integer, LoadedModel> versions = new TreeMap<>(byVersion);
    versions.remove(version);
    return new ModelVersions(name, versions);
  }

  LoadedModel latest() {
    return byVersion.lastEntry().getValue();
  }

  LoadedModel version(String wanted) {
    return byVersion.values().stream()
        .filter(model -> String.valueOf(model.version()).equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new EngineException(
                    ErrorCode.NOT_FOUND,
                    "unknown version of model \"%s\": expected one of the loaded %s, found \"%s\""
                        .formatted(name, names(), wanted)));
  }

  List<String> names() {
    return byVersion.keySet().stream().map(String::valueOf).toList();
  }
}
