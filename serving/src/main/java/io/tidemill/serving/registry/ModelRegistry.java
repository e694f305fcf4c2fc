package io.tidemill.serving.registry;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.batch.BatchExecutors;
import io.tidemill.serving.metrics.ServingMetrics;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The models that a server answers for, and their exchange while requests run.
 *
 * <p>Any thread acquires, without a lock: the whole listing is one immutable map behind a volatile
 * field. Loading happens on the caller's thread, one load at a time. A version is warmed before it
 * is listed and freed when it is no longer listed and its last request has left; so an exchange
 * neither delays a request nor loses one.
 */
public final class ModelRegistry implements AutoCloseable {
  /**
   * What bounds each loaded version.
   *
   * @param batchRows rows that every batch is executed at
   * @param maxQueuedRows rows that may wait
   * @param loadedVersions versions of a model that stay loaded, besides those asked for by {@link
   *     ModelRegistry#load}
   */
  public record Limits(int batchRows, int maxQueuedRows, int loadedVersions) {}

  private record Pinned(String model, int version) {}

  private final ModelStore store;
  private final ModelLoader loader;
  private final int loadedVersions;
  private final Set<Pinned> pinned = new HashSet<>();
  private volatile NavigableMap<String, ModelVersions> models = new TreeMap<>();

  /** An empty registry; {@link #refresh} fills it. */
  public ModelRegistry(
      ModelStore store,
      Device device,
      BatchExecutors executors,
      ServingMetrics metrics,
      Limits limits) {
    this.store = store;
    this.loader = new ModelLoader(device, executors, metrics, limits);
    this.loadedVersions = limits.loadedVersions();
  }

  /**
   * Loads what has been published since the last time: the latest version of each model.
   *
   * <p>Where the latest cannot be loaded and the model has no other version in memory, the one
   * before is tried. A version that is no longer in the store is no longer served, though requests
   * that have begun are answered.
   */
  public synchronized Refresh refresh() {
    List<Refresh.Loaded> loaded = new ArrayList<>();
    List<EngineException> failures = new ArrayList<>();
    List<String> stored = store.models();
    for (String model : List.copyOf(models.keySet())) {
      unlistAbsent(model, stored.contains(model) ? store.versions(model) : List.of());
    }
    for (String model : stored) {
      try {
        refresh(model, loaded, failures);
      } catch (EngineException e) {
        failures.add(e);
      }
    }
    return new Refresh(loaded, failures);
  }

  /**
   * Loads one version beside the others; it stays until the registry is closed.
   *
   * <p>Requests that name no version get the highest that is loaded.
   *
   * @throws EngineException NOT_FOUND, or CORRUPT_STATE when the folder does not hold what it says
   */
  public synchronized void load(String model, int version) {
    pinned.add(new Pinned(model, version));
    if (!of(model).byVersion().containsKey(version)) {
      list(loader.load(store.find(model, version)));
    }
  }

  /**
   * A model to answer one request with; the caller releases it.
   *
   * @param version empty for the highest that is loaded
   * @throws EngineException NOT_FOUND, naming what there is
   */
  public LoadedModel acquire(String model, Optional<String> version) {
    while (true) {
      ModelVersions versions = known(model);
      LoadedModel chosen = version.map(versions::version).orElseGet(versions::latest);
      if (chosen.retain()) {
        return chosen;
      }
      // It was exchanged between the two lines above: the listing is a newer one now.
      Thread.onSpinWait();
    }
  }

  /** The loaded versions of a model, ascending. */
  public List<String> versions(String model) {
    return known(model).names();
  }

  /** All models, by name. */
  public List<ModelListing> models() {
    return models.values().stream()
        .map(
            versions ->
                new ModelListing(versions.name(), versions.names(), versions.latest().signature()))
        .toList();
  }

  /** Whether there is nothing to answer for. */
  public boolean isEmpty() {
    return models.isEmpty();
  }

  /** Unlists everything; memory is freed as the requests in flight leave. Idempotent. */
  @Override
  public synchronized void close() {
    Map<String, ModelVersions> before = models;
    models = Collections.emptyNavigableMap();
    before.values().stream()
        .flatMap(versions -> versions.byVersion().values().stream())
        .forEach(LoadedModel::release);
  }

  private void refresh(String model, List<Refresh.Loaded> loaded, List<EngineException> failures) {
    List<Integer> newestFirst = store.versions(model).reversed();
    for (int version : newestFirst) {
      if (isListedUpTo(model, version)) {
        return;
      }
      try {
        list(loader.load(store.find(model, version)));
        prune(model);
        loaded.add(new Refresh.Loaded(model, version));
        return;
      } catch (EngineException e) {
        failures.add(e);
      }
    }
  }

  private boolean isListedUpTo(String model, int version) {
    NavigableMap<Integer, LoadedModel> versions = of(model).byVersion();
    return !versions.isEmpty() && versions.lastKey() >= version;
  }

  private void list(LoadedModel model) {
    replace(of(model.name()).with(model));
  }

  private void unlistAbsent(String model, List<Integer> stored) {
    for (int version : of(model).byVersion().keySet()) {
      if (!stored.contains(version)) {
        pinned.remove(new Pinned(model, version));
        unlist(model, version);
      }
    }
  }

  private void prune(String model) {
    List<Integer> unpinned =
        of(model).byVersion().keySet().stream()
            .filter(version -> !pinned.contains(new Pinned(model, version)))
            .toList();
    for (int version : unpinned.subList(0, Math.max(0, unpinned.size() - loadedVersions))) {
      unlist(model, version);
    }
  }

  private void unlist(String model, int version) {
    LoadedModel unlisted = of(model).byVersion().get(version);
    replace(of(model).without(version));
    unlisted.release();
  }

  private void replace(ModelVersions versions) {
    NavigableMap<String, ModelVersions> changed = new TreeMap<>(models);
    if (versions.byVersion().isEmpty()) {
      changed.remove(versions.name());
    } else {
      changed.put(versions.name(), versions);
    }
    models = Collections.unmodifiableNavigableMap(changed);
  }

  private ModelVersions of(String model) {
    return models.getOrDefault(model, ModelVersions.none(model));
  }

  private ModelVersions known(String model) {
    Map<String, ModelVersions> listed = models;
    ModelVersions versions = listed.get(model);
    if (versions == null) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "unknown model: expected one of the loaded %s, found \"%s\""
              .formatted(listed.keySet(), model));
    }
    return versions;
  }
}
