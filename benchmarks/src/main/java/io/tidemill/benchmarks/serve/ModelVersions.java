package io.tidemill.benchmarks.serve;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelDescription;
import io.tidemill.model.ModelStore;
import io.tidemill.model.Publication;
import io.tidemill.model.StoredModel;
import io.tidemill.storage.DurableFiles;
import io.tidemill.tensor.NamedTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Publishes version after version of a model into a store, each with other weights than the one
 * before. The oldest are removed: the newest few stay. Confined to one thread.
 */
final class ModelVersions {
  /** Different sets of weights, which come again and again. */
  static final int VARIANTS = 8;

  private static final int KEPT = 4;

  private final ModelStore store;
  private final List<Publication> variants = new ArrayList<>();
  private long step;

  /**
   * Versions like one that was published.
   *
   * @param state directory whose store takes them
   */
  ModelVersions(StoredModel first, Path state) {
    store = ModelStore.in(state);
    step = first.description().lineage().step();
    for (int i = 0; i < VARIANTS; i++) {
      variants.add(variant(first, i));
    }
  }

  /** Publishes the next one: with the weights of variant {@code step % VARIANTS}. */
  StoredModel publish() {
    step++;
    Publication variant = variants.get((int) (step % VARIANTS));
    StoredModel published = store.publish(at(variant, step));
    List<Integer> versions = store.versions(published.name());
    for (int version : versions.subList(0, Math.max(0, versions.size() - KEPT))) {
      remove(store.folder(published.name()).resolve(Integer.toString(version)));
    }
    return published;
  }

  /** Which weights the next one will have. */
  int nextVariant() {
    return (int) ((step + 1) % VARIANTS);
  }

  private static void remove(Path folder) {
    try {
      DurableFiles.deleteTree(folder);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, folder + " cannot be removed: " + e, e);
    }
  }

  /** All weights times a number near 1. */
  private static Publication variant(StoredModel model, int variant) {
    ModelDescription description = model.description();
    List<NamedTensor> weights = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      for (NamedTensor tensor : model.weights(arena)) {
        float[] values = tensor.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        MemorySegment scaled =
            Arena.ofAuto().allocate((long) values.length * Float.BYTES, Float.BYTES);
        for (int i = 0; i < values.length; i++) {
          scaled.setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i] * (1 + variant / 64f));
        }
        weights.add(new NamedTensor(tensor.name(), tensor.type(), tensor.shape(), scaled));
      }
    }
    return new Publication(
        model.name(),
        description.signature(),
        description.labels(),
        description.lineage(),
        description.metrics(),
        description.parameters(),
        weights,
        model.program(),
        model.features());
  }

  private static Publication at(Publication variant, long step) {
    Lineage from = variant.lineage();
    Lineage lineage =
        new Lineage(
            from.job(),
            from.runId(),
            step,
            step,
            from.samples(),
            from.sources(),
            from.graphFingerprint(),
            from.engineVersion(),
            from.seed());
    return new Publication(
        variant.model(),
        variant.signature(),
        variant.labels(),
        lineage,
        variant.metrics(),
        variant.parameters(),
        variant.weights(),
        variant.program(),
        variant.features());
  }
}
