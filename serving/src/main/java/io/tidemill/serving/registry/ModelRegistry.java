package io.tidemill.serving.registry;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.batch.BatchExecutors;
import io.tidemill.serving.batch.BatchQueue;
import io.tidemill.serving.metrics.ServingMetrics;
import io.tidemill.serving.traffic.StickyKey;
import io.tidemill.serving.traffic.Traffic;
import io.tidemill.serving.traffic.TrafficFile;
import io.tidemill.serving.traffic.Trial;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
   * @param batchRows most rows of a batch
   * @param queue what may wait
   * @param loadedVersions versions of a model that stay loaded, besides those asked for by {@link
   *     ModelRegistry#load}
   */
  public record Limits(int batchRows, BatchQueue.Bounds queue, int loadedVersions) {}

  private static final Logger LOG = LoggerFactory.getLogger(ModelRegistry.class);

  /** Stands for what a model's traffic names, where versions stand otherwise. */
  private static final int TRAFFIC = 0;

  private record Key(String model, int version) {}

  private final ModelStore store;
  private final ModelLoader loader;
  private final int loadedVersions;
  private final Set<Key> pinned = new HashSet<>();
  private final Set<String> unloaded = ConcurrentHashMap.newKeySet();
  private final LoadFailures<Key> failures = new LoadFailures<>(System::nanoTime);
  private final Map<String, RecentCalls> recent = new ConcurrentHashMap<>();
  private volatile boolean hasLooked;
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
   * that have begun are answered. A model that was unloaded stays so. What could not be loaded is
   * let be for a while ({@link LoadFailures}), and its failure is told when it is another one.
   */
  public synchronized Refresh refresh() {
    Refresh refresh = Refresh.none();
    List<String> stored = store.models();
    for (String model : List.copyOf(models.keySet())) {
      unlistAbsent(model, stored.contains(model) ? store.versions(model) : List.of());
    }
    recent.keySet().retainAll(stored);
    for (String model : stored) {
      try {
        refresh = refresh.and(unloaded.contains(model) ? Refresh.none() : refresh(model));
      } catch (EngineException e) {
        refresh = refresh.and(Refresh.failed(e));
      }
    }
    hasLooked = true;
    return refresh;
  }

  /**
   * Loads one version beside the others; it stays until the registry is closed.
   *
   * <p>Requests that name no version get the highest that is loaded.
   *
   * @throws EngineException NOT_FOUND, or CORRUPT_STATE when the folder does not hold what it says
   */
  public synchronized void load(String model, int version) {
    pinned.add(new Key(model, version));
    loadOnce(model, version);
  }

  /**
   * Loads the latest version of a model now, also one that was unloaded before.
   *
   * @throws EngineException NOT_FOUND, or the reason why its latest version cannot be loaded
   */
  public synchronized void load(String model) {
    if (store.versions(model).isEmpty()) {
      throw unknown("stored", model, store.models());
    }
    unloaded.remove(model);
    failures.forget(traffic(model));
    store.versions(model).forEach(version -> failures.forget(new Key(model, version)));
    refresh(model).failures().stream()
        .findFirst()
        .ifPresent(
            failure -> {
              throw failure;
            });
  }

  /**
   * Takes all versions of a model out of service; requests that have begun are answered. It stays
   * so until somebody asks for it by {@link #load}.
   *
   * @throws EngineException NOT_FOUND where none is loaded
   */
  public synchronized void unload(String model) {
    for (int version : known(model).byVersion().keySet()) {
      pinned.remove(new Key(model, version));
      unlist(model, version);
    }
    unloaded.add(model);
  }

  /**
   * Whether a version, or any, of a model is in the store, whether or not it is loaded.
   *
   * @param version a number; empty for any
   */
  public boolean isStored(String model, Optional<String> version) {
    List<Integer> stored = store.versions(model);
    return version
        .map(number -> stored.stream().anyMatch(one -> String.valueOf(one).equals(number)))
        .orElse(!stored.isEmpty());
  }

  /** What is in the store, loaded or not, by model and version. */
  public List<StoredVersion> index() {
    return store.models().stream()
        .flatMap(model -> store.versions(model).stream().map(version -> stored(model, version)))
        .toList();
  }

  /**
   * A model to answer one request with; the caller releases it.
   *
   * @param version a number or a label; empty for whatever the model's traffic chooses
   * @param key of whom the request is, for a canary
   * @throws EngineException NOT_FOUND, naming what there is
   */
  public LoadedModel acquire(String model, Optional<String> version, StickyKey key) {
    while (true) {
      ModelVersions versions = known(model);
      LoadedModel chosen = version.map(versions::version).orElseGet(() -> versions.chosen(key));
      if (chosen.retain()) {
        return chosen;
      }
      // It was exchanged between the two lines above: the listing is a newer one now.
      Thread.onSpinWait();
    }
  }

  /**
   * Sets how the requests for a model are shared among its versions, which are loaded before.
   *
   * @throws EngineException NOT_FOUND or CORRUPT_STATE where a version cannot be loaded, RESOURCE
   *     where the disk is full; everything stays as it was then
   */
  public synchronized void setTraffic(String model, Traffic traffic) {
    known(model);
    traffic.versions().forEach(version -> loadOnce(model, version));
    TrafficFile file = new TrafficFile(store.folder(model));
    file.write(traffic);
    // A job may have deleted one meanwhile as an old one; from now on it sees that they are named.
    if (!store.versions(model).containsAll(traffic.versions())) {
      file.write(of(model).traffic());
      traffic.versions().forEach(version -> store.find(model, version));
    }
    replace(of(model).with(new Trial(traffic)));
  }

  /** How the requests for a model are shared, and what that has shown so far. */
  public Trial trial(String model) {
    return known(model).trial();
  }

  /**
   * A request was answered; whoever is on trial may be promoted or taken back for it.
   *
   * @param durationNs from its arrival
   */
  public void answered(LoadedModel model, boolean isOurError, long durationNs) {
    ModelVersions versions = models.get(model.name());
    if (versions != null && versions.traffic().canary() == model.version()) {
      Trial trial = versions.trial();
      trial
          .answered(isOurError, durationNs)
          .ifPresent(next -> decideApart(model.name(), trial, next));
    }
  }

  private void decideApart(String model, Trial trial, Traffic next) {
    Thread.ofVirtual().start(() -> decide(model, trial, next));
  }

  /** The version that is asked along with {@code model}; used once. */
  public Optional<Shadow> shadow(LoadedModel model) {
    ModelVersions versions = models.get(model.name());
    if (versions == null || versions.traffic().shadow() == 0) {
      return Optional.empty();
    }
    return Optional.ofNullable(versions.byVersion().get(versions.traffic().shadow()))
        .filter(shadow -> shadow != model && shadow.signature().equals(model.signature()))
        .filter(LoadedModel::retain)
        .map(
            shadow ->
                new Shadow(
                    shadow,
                    versions.trial(),
                    next -> decideApart(model.name(), versions.trial(), next)));
  }

  /** All loaded versions of a model, ascending; the caller releases each. */
  public List<LoadedModel> acquireAll(String model) {
    return retained(known(model));
  }

  /** All that is loaded, by model and version; the caller releases each. */
  public List<LoadedModel> acquireAll() {
    return models.values().stream().flatMap(model -> retained(model).stream()).toList();
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
                new ModelListing(versions.name(), versions.names(), versions.stable().signature()))
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

  private StoredVersion stored(String model, int version) {
    boolean isLoaded = of(model).byVersion().containsKey(version);
    String reason =
        isLoaded
            ? ""
            : unloaded.contains(model)
                ? "unloaded"
                : failures
                    .sentence(new Key(model, version))
                    .orElse(hasLooked ? "not among the latest" : "being loaded");
    return new StoredVersion(model, String.valueOf(version), isLoaded, reason);
  }

  private synchronized void decide(String model, Trial trial, Traffic next) {
    if (of(model).trial() != trial) {
      return; // somebody has set another one meanwhile
    }
    try {
      setTraffic(model, next);
      LOG.warn("canary decided: model={} {}", model, next.decisions().getLast());
    } catch (EngineException e) {
      LOG.error("canary not decided: model={} {}", model, e.getMessage());
    }
  }

  /** Takes up the traffic that somebody has set, perhaps in another process. */
  private Refresh followTraffic(String model) {
    if (!failures.mayTry(traffic(model))) {
      return Refresh.none();
    }
    try {
      Traffic traffic = new TrafficFile(store.folder(model)).read();
      traffic.versions().forEach(version -> loadOnce(model, version));
      if (!of(model).traffic().equals(traffic)) {
        replace(of(model).with(new Trial(traffic)));
      }
      failures.forget(traffic(model));
      return Refresh.none();
    } catch (EngineException e) {
      return failed(traffic(model), e);
    }
  }

  /** Told where it is news. */
  private Refresh failed(Key what, EngineException cause) {
    return failures.failed(what, cause.getMessage()) ? Refresh.failed(cause) : Refresh.none();
  }

  private static Key traffic(String model) {
    return new Key(model, TRAFFIC);
  }

  private void loadOnce(String model, int version) {
    if (!of(model).byVersion().containsKey(version)) {
      list(loader.load(store.find(model, version), recentCalls(model)));
    }
  }

  /**
   * Loads the latest version that can be, unless one as late is loaded, and those that the traffic
   * names.
   */
  private Refresh refresh(String model) {
    return refreshLatest(model).and(followTraffic(model));
  }

  private Refresh refreshLatest(String model) {
    Refresh refresh = Refresh.none();
    for (int version : store.versions(model).reversed()) {
      if (isListedUpTo(model, version)) {
        return refresh;
      }
      if (!failures.mayTry(new Key(model, version))) {
        continue;
      }
      try {
        list(loader.load(store.find(model, version), recentCalls(model)));
        prune(model);
        return refresh.and(Refresh.loaded(model, version));
      } catch (EngineException e) {
        refresh = refresh.and(failed(new Key(model, version), e));
      }
    }
    return refresh;
  }

  private RecentCalls recentCalls(String model) {
    return recent.computeIfAbsent(model, _ -> new RecentCalls());
  }

  private static List<LoadedModel> retained(ModelVersions versions) {
    return versions.byVersion().values().stream().filter(LoadedModel::retain).toList();
  }

  private boolean isListedUpTo(String model, int version) {
    NavigableMap<Integer, LoadedModel> versions = of(model).byVersion();
    return !versions.isEmpty() && versions.lastKey() >= version;
  }

  private void list(LoadedModel model) {
    failures.forget(new Key(model.name(), model.version()));
    replace(of(model.name()).with(model));
  }

  private void unlistAbsent(String model, List<Integer> stored) {
    for (int version : of(model).byVersion().keySet()) {
      if (!stored.contains(version)) {
        pinned.remove(new Key(model, version));
        unlist(model, version);
      }
    }
  }

  private void prune(String model) {
    List<Integer> unpinned =
        of(model).byVersion().keySet().stream()
            .filter(version -> !pinned.contains(new Key(model, version)))
            .filter(version -> !of(model).traffic().versions().contains(version))
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
    if (versions == null && !hasLooked && !store.versions(model).isEmpty()) {
      throw new EngineException(
          ErrorCode.RESOURCE, "model \"" + model + "\" is being loaded; try again in a moment");
    }
    if (versions == null) {
      throw unknown("loaded", model, listed.keySet());
    }
    return versions;
  }

  private static EngineException unknown(String which, String model, Collection<String> known) {
    return new EngineException(
        ErrorCode.NOT_FOUND,
        "unknown model: expected one of the %s %s, found \"%s\"".formatted(which, known, model));
  }
}
