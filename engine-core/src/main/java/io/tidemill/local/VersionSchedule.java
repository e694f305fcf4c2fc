package io.tidemill.local;

import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.local.PublishQueue.Occasion;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelStore;
import io.tidemill.model.StoredModel;
import io.tidemill.train.CheckpointPolicy;
import io.tidemill.train.TrainerTask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/**
 * Decides which committed checkpoints of a run become versions of its models, has these made and
 * the old ones deleted.
 *
 * <p>What a run has published before is read off the store, so an attempt that goes on where
 * another was killed leaves no version out and makes none twice. One thread at a time.
 */
final class VersionSchedule {
  private final Publisher publisher;
  private final ModelStore models;
  private final LongPredicate isSavepoint;
  private final LongSupplier clockNs;

  /** When this attempt has published each model last. */
  private final Map<String, Long> publishedNs = new HashMap<>();

  /** The last step that this run has published of each model. */
  private final Map<String, Long> publishedStep = new HashMap<>();

  /**
   * @param isSavepoint whether a checkpoint, by its number, is kept because somebody asked for it
   */
  VersionSchedule(
      Publisher publisher, ModelStore models, LongPredicate isSavepoint, LongSupplier clockNs) {
    this.publisher = publisher;
    this.models = models;
    this.isSavepoint = isSavepoint;
    this.clockNs = clockNs;
  }

  /** Publishes what is due with a checkpoint; with the last one of a run everything is. */
  List<StoredModel> publish(StoredCheckpoint checkpoint, Occasion occasion) {
    List<StoredModel> published = new ArrayList<>();
    for (Publisher.Published wanted : publisher.published()) {
      if (occasion == Occasion.LAST || isDue(checkpoint, occasion, wanted)) {
        published.add(publish(checkpoint, wanted));
      }
    }
    return published;
  }

  private StoredModel publish(StoredCheckpoint checkpoint, Publisher.Published wanted) {
    StoredModel version = publisher.publish(checkpoint, wanted);
    publishedNs.put(version.name(), clockNs.getAsLong());
    publishedStep.put(version.name(), version.description().lineage().step());
    models.prune(
        version.description().lineage(),
        version.name(),
        wanted.what().publishing().kept(),
        isSavepoint);
    return version;
  }

  private boolean isDue(
      StoredCheckpoint checkpoint, Occasion occasion, Publisher.Published wanted) {
    CheckpointPolicy after = wanted.what().publishing().after();
    boolean hasSteps = after instanceof CheckpointPolicy.EverySteps;
    if (after instanceof CheckpointPolicy.AtEnd
        || (occasion == Occasion.LEFT_BEHIND && !hasSteps)
        || checkpoint.manifest().progress().step() <= publishedStep(checkpoint, wanted)) {
      return false;
    }
    long steps = Publisher.weights(checkpoint, wanted).map(TrainerTask::stepsOf).orElse(0L);
    return steps > 0 && after.isDue(steps, elapsedNs(wanted.what().model()));
  }

  /** The first checkpoint of an attempt is due, whatever the interval. */
  private long elapsedNs(String model) {
    Long last = publishedNs.get(model);
    return last == null ? Long.MAX_VALUE : clockNs.getAsLong() - last;
  }

  private long publishedStep(StoredCheckpoint checkpoint, Publisher.Published wanted) {
    return publishedStep.computeIfAbsent(
        wanted.what().model(),
        model ->
            models.list(model).stream()
                .map(version -> version.description().lineage())
                .filter(lineage -> isOfRun(lineage, checkpoint))
                .mapToLong(Lineage::step)
                .max()
                .orElse(0));
  }

  private static boolean isOfRun(Lineage lineage, StoredCheckpoint checkpoint) {
    return lineage.isOf(checkpoint.manifest().job(), checkpoint.manifest().runId());
  }
}
