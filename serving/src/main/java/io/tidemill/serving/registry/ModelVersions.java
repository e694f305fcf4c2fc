package io.tidemill.serving.registry;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.traffic.StickyKey;
import io.tidemill.serving.traffic.Traffic;
import io.tidemill.serving.traffic.Trial;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The versions of one model that are loaded, and how requests are shared among them.
 *
 * <p>A value: an exchange makes another one.
 */
record ModelVersions(String name, NavigableMap<Integer, LoadedModel> byVersion, Trial trial) {
  ModelVersions {
    byVersion = Collections.unmodifiableNavigableMap(new TreeMap<>(byVersion));
  }

  static ModelVersions none(String name) {
    return new ModelVersions(name, new TreeMap<>(), new Trial(Traffic.LATEST));
  }

  ModelVersions with(LoadedModel model) {
    TreeMap<Integer, LoadedModel> versions = new TreeMap<>(byVersion);
    versions.put(model.version(), model);
    return new ModelVersions(name, versions, trial);
  }

  ModelVersions without(int version) {
    TreeMap<Integer, LoadedModel> versions = new TreeMap<>(byVersion);
    versions.remove(version);
    return new ModelVersions(name, versions, trial);
  }

  ModelVersions with(Trial newTrial) {
    return new ModelVersions(name, byVersion, newTrial);
  }

  Traffic traffic() {
    return trial.traffic();
  }

  /** What answers a request that names no version. */
  LoadedModel chosen(StickyKey key) {
    if (!traffic().weights().isEmpty()) {
      return byVersion.getOrDefault(weighted(key), stable());
    }
    LoadedModel canary = byVersion.get(traffic().canary());
    if (canary != null && key.isAmong(traffic().percent(), name)) {
      return canary;
    }
    return stable();
  }

  private int weighted(StickyKey key) {
    int total = traffic().weights().values().stream().mapToInt(Integer::intValue).sum();
    int draw = key.draw(total, name);
    for (Map.Entry<Integer, Integer> share : traffic().weights().entrySet()) {
      draw -= share.getValue();
      if (draw < 0) {
        return share.getKey();
      }
    }
    throw new IllegalStateException("shares of " + total + " end before " + total);
  }

  /** The stable version; the latest where none is set or it is not loaded. */
  LoadedModel stable() {
    return byVersion.getOrDefault(traffic().stable(), latest());
  }

  private LoadedModel latest() {
    return byVersion.lastEntry().getValue();
  }

  /** A version by its number, or by a label. */
  LoadedModel version(String wanted) {
    Integer labelled = traffic().labels().get(wanted);
    String number = labelled == null ? wanted : String.valueOf(labelled);
    return byVersion.values().stream()
        .filter(model -> String.valueOf(model.version()).equals(number))
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
