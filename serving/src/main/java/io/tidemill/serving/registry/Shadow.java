package io.tidemill.serving.registry;

import io.tidemill.serving.batch.Submission;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.traffic.Agreement;
import io.tidemill.serving.traffic.Traffic;
import io.tidemill.serving.traffic.Trial;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A version that is asked what another one answers; nobody waits for it. Used once. */
public final class Shadow {
  private final LoadedModel model;
  private final Trial trial;
  private final Consumer<Traffic> decide;

  /**
   * @param model released once it has answered
   * @param decide told how the traffic is to be, where a comparison decides the trial
   */
  Shadow(LoadedModel model, Trial trial, Consumer<Traffic> decide) {
    this.model = model;
    this.trial = trial;
    this.decide = decide;
  }

  /** Asks when nobody else does, and compares with what the client is answered. */
  public void ask(List<NamedTensor> inputs, CompletableFuture<List<NamedTensor>> answered) {
    if (model.queue().submit(inputs, Urgency.BACKGROUND)
        instanceof Submission.Accepted(CompletableFuture<List<NamedTensor>> own, Runnable _)) {
      var _ =
          own.thenAcceptBoth(answered, this::compare)
              .whenComplete(
                  (_, failure) -> {
                    if (failure != null) {
                      trial.dropped();
                    }
                    model.release();
                  });
    } else {
      trial.dropped();
      model.release();
    }
  }

  private void compare(List<NamedTensor> own, List<NamedTensor> answered) {
    trial.compared(Agreement.isSame(own, answered, trial.traffic().tolerance())).ifPresent(decide);
  }
}
