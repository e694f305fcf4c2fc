package io.tidemill.serving.http;

import io.tidemill.serving.batch.Submission;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.serving.traffic.StickyKey;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;

/**
 * Calls to models, in whatever protocol they come: chosen version, queue, shadow, meters.
 *
 * <p>Any thread. An answer is made on the thread that computed it.
 */
final class ModelCalls {
  /** What is asked. */
  interface Call {
    /** One for each of the signature's inputs, in its order. */
    List<NamedTensor> inputs();

    /** How much it presses, by what it says itself. */
    Urgency urgency(Urgency unlessSaid);

    /** The answer with all outputs of the model, in the signature's order. */
    HttpResponse answer(LoadedModel model, List<NamedTensor> outputs);
  }

  /** Who asks, how urgently, and since when. */
  record Asking(Caller caller, StickyKey key, Urgency urgency, long arrivedNs) {
    private static final String STICKY_KEY = "X-Sticky-Key";

    static Asking by(HttpRequest request) {
      Optional<String> key = request.getHeader(STICKY_KEY).map(HttpHeader::value);
      return new Asking(
          Caller.of(request),
          key.isEmpty() ? StickyKey.NONE : new StickyKey(key),
          UrgencyHeaders.of(request),
          System.nanoTime());
    }
  }

  private final ModelRegistry registry;

  ModelCalls(ModelRegistry registry) {
    this.registry = registry;
  }

  /**
   * Answers a call.
   *
   * @param version a number or a label; empty for what the traffic of the model chooses
   * @param mayPress whether the call may say of itself that it presses more than {@code asking}
   *     does; asked for only where it would be refused unread otherwise
   * @param reader reads the call, which has to fit the signature
   */
  CompletionStage<HttpResponse> answer(
      String name,
      Optional<String> version,
      Asking asking,
      BooleanSupplier mayPress,
      Function<CallSignature, Call> reader) {
    LoadedModel model = registry.acquire(name, version, asking.key());
    CompletionStage<HttpResponse> answer;
    try {
      Optional<Submission.Refused> hopeless = model.queue().refusal(asking.urgency());
      answer =
          hopeless.isPresent() && !mayPress.getAsBoolean()
              ? CompletableFuture.completedStage(busy(model, hopeless.get()))
              : submit(model, asking, reader.apply(model.signature()));
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedStage(e);
    }
    return answer
        .exceptionally(Replies::failure)
        .thenApply(
            reply -> {
              record(model, reply, asking.arrivedNs());
              model.release();
              return reply;
            });
  }

  private CompletionStage<HttpResponse> submit(LoadedModel model, Asking asking, Call call) {
    return switch (model.queue().submit(call.inputs(), call.urgency(asking.urgency()))) {
      case Submission.Accepted(CompletableFuture<List<NamedTensor>> outputs, Runnable withdraw) -> {
        asking.caller().ifLeaving(withdraw);
        registry.shadow(model).ifPresent(shadow -> shadow.ask(call.inputs(), outputs));
        yield outputs.thenApply(
            tensors -> {
              asking.caller().isAnswered();
              return call.answer(model, tensors);
            });
      }
      case Submission.Refused refused -> CompletableFuture.completedStage(busy(model, refused));
      case Submission.TooLarge(int rows, int mostRows) ->
          CompletableFuture.completedStage(
              Replies.error(
                  413,
                  "too many rows in one request: expected at most %d, found %d"
                      .formatted(mostRows, rows)));
    };
  }

  private static HttpResponse busy(LoadedModel model, Submission.Refused refused) {
    long seconds = Math.max(1, refused.delay().plusMillis(999).toSeconds());
    String sentence =
        "model \"%s\" is busy: %d rows wait, a turn comes in %d ms; try again in %d s"
            .formatted(model.name(), refused.queuedRows(), refused.delay().toMillis(), seconds);
    return Replies.error(503, sentence)
        .addHeader(Replies.header("Retry-After", String.valueOf(seconds)));
  }

  private void record(LoadedModel model, HttpResponse reply, long arrivedNs) {
    long durationNs = System.nanoTime() - arrivedNs;
    if (reply.status().equals(StatusCodes.OK)) {
      model.meters().succeeded(durationNs);
    } else {
      model.meters().failed(durationNs);
    }
    registry.answered(model, isOurError(reply));
  }

  /** A model that is busy is no worse for that. */
  private static boolean isOurError(HttpResponse reply) {
    return reply.status().intValue() >= 500 && reply.status().intValue() != 503;
  }
}
