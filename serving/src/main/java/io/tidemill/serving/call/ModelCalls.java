package io.tidemill.serving.call;

import io.tidemill.error.EngineException;
import io.tidemill.serving.batch.Submission;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Calls to models, in whatever protocol they come: chosen version, queue, shadow, meters.
 *
 * <p>Any thread. A version that answers a call is not freed before the outcome is there.
 */
public final class ModelCalls {
  private final ModelRegistry registry;

  /** Calls to the models of {@code registry}. */
  public ModelCalls(ModelRegistry registry) {
    this.registry = registry;
  }

  /**
   * Makes a call; what is wrong with it is told by its outcome.
   *
   * @param version a number or a label; empty for what the traffic of the model chooses
   * @param mayPress whether the call may say of itself that it presses more than {@code asking}
   *     does; asked for only where it would be refused unread otherwise
   * @param reader reads the call, which has to fit the signature
   */
  public <C extends ModelCall> Asked<C> ask(
      String name,
      Optional<String> version,
      Asking asking,
      BooleanSupplier mayPress,
      Function<CallSignature, C> reader) {
    LoadedModel model;
    try {
      model = registry.acquire(name, version, asking.key());
    } catch (EngineException e) {
      return refused(refusal(e, asking.arrivedNs(), asking.urgency()));
    }
    Asked<C> asked;
    try {
      Optional<Submission.Refused> hopeless = model.queue().refusal(asking.urgency());
      asked =
          hopeless.isPresent() && !mayPress.getAsBoolean()
              ? refused(busy(model, hopeless.get()))
              : submit(model, asking, reader.apply(model.signature()));
    } catch (RuntimeException e) {
      asked = refused(refusal(e, asking.arrivedNs(), asking.urgency()));
    }
    return new Asked<>(
        asked.outcome().thenApply(outcome -> end(model, outcome, asking.arrivedNs())),
        asked.withdraw());
  }

  private <C extends ModelCall> Asked<C> submit(LoadedModel model, Asking asking, C call) {
    Urgency urgency = call.urgency(asking.urgency());
    return switch (model.queue().submit(call.inputs(), urgency)) {
      case Submission.Accepted(CompletableFuture<List<NamedTensor>> outputs, Runnable withdraw) -> {
        registry.shadow(model).ifPresent(shadow -> shadow.ask(call.inputs(), outputs));
        CompletionStage<Outcome<C>> outcome =
            outputs.handle(
                (tensors, failure) ->
                    failure == null
                        ? new Answered<>(model, call, tensors)
                        : new Refused<>(refusal(failure, asking.arrivedNs(), urgency)));
        yield new Asked<>(outcome, withdraw);
      }
      case Submission.Refused refused -> refused(busy(model, refused));
      case Submission.TooLarge(int rows, int mostRows) ->
          refused(new Refusal.TooLarge(rows, mostRows));
    };
  }

  private <C extends ModelCall> Outcome<C> end(
      LoadedModel model, Outcome<C> outcome, long arrivedNs) {
    long durationNs = System.nanoTime() - arrivedNs;
    switch (outcome) {
      case Answered<C>(LoadedModel _, C call, List<NamedTensor> _) -> {
        model.meters().succeeded(durationNs);
        model.answered(call.inputs());
      }
      case Refused<C> _ -> model.meters().failed(durationNs);
    }
    registry.answered(model, isOurError(outcome), durationNs);
    model.release();
    return outcome;
  }

  /** A model that is busy is no worse for that. */
  private static boolean isOurError(Outcome<?> outcome) {
    return outcome instanceof Refused<?>(Refusal refusal) && refusal instanceof Refusal.Failed;
  }

  private static <C extends ModelCall> Asked<C> refused(Refusal refusal) {
    return new Asked<>(
        CompletableFuture.completedStage(new Refused<>(refusal)), ModelCalls::nothing);
  }

  private static void nothing() {}

  private static Refusal busy(LoadedModel model, Submission.Refused refused) {
    return new Refusal.Busy(model.name(), refused.queuedRows(), refused.delay());
  }

  private static Refusal refusal(Throwable failure, long arrivedNs, Urgency urgency) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return switch (cause) {
      case EngineException e -> refusal(e, arrivedNs, urgency);
      case CancellationException e -> new Refusal.Withdrawn(e.getMessage());
      default -> new Refusal.Failed(cause);
    };
  }

  private static Refusal refusal(EngineException e, long arrivedNs, Urgency urgency) {
    return switch (e.code()) {
      case INVALID_ARGUMENT, INVALID_DATA -> new Refusal.Invalid(e.getMessage());
      case NOT_FOUND -> new Refusal.NotFound(e.getMessage());
      case RESOURCE ->
          System.nanoTime() - arrivedNs > urgency.timeoutNs()
              ? new Refusal.OutOfTime(e.getMessage())
              : new Refusal.Unavailable(e.getMessage());
      case CORRUPT_STATE, USER_CODE, INTERNAL -> new Refusal.Failed(e);
    };
  }
}
