package io.tidemill.serving.http;

import io.tidemill.serving.batch.Submission;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.protocol.InferBody;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.serving.traffic.StickyKey;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;

/**
 * Answers a call to a model.
 *
 * <p>The body is read and checked whole, queued, and answered from the thread that computed it.
 */
final class InferHandler implements Handler {
  /** What is asked, in one of the protocols. */
  interface Call {
    List<NamedTensor> inputs();

    /** How much it presses, by what it says itself. */
    Urgency urgency(Urgency unlessSaid);

    /** The answer with all outputs of the model, in the signature's order. */
    HttpResponse answer(LoadedModel model, List<NamedTensor> outputs);
  }

  /** Reads a body, which has to fit the signature. */
  interface CallReader {
    Call read(InferBody body, CallSignature signature);
  }

  /** Who asks, how urgently, and since when. */
  private record Asking(Caller caller, StickyKey key, Urgency urgency, long arrivedNs) {}

  private static final String STICKY_KEY = "X-Sticky-Key";

  private final CallReader reader;
  private final ModelRegistry registry;
  private final BodyReader bodies;
  private final JsonHeaders headers;

  InferHandler(CallReader reader, ModelRegistry registry, BodyReader bodies, JsonHeaders headers) {
    this.reader = reader;
    this.registry = registry;
    this.bodies = bodies;
    this.headers = headers;
  }

  @Override
  public CompletionStage<HttpResponse> handle(HttpRequest request, PathValues values) {
    long arrivedNs = System.nanoTime();
    Optional<HttpResponse> refusal = headers.refuse(request);
    if (refusal.isPresent()) {
      return CompletableFuture.completedStage(refusal.get());
    }
    Asking asking =
        new Asking(Caller.of(request), stickyKey(request), UrgencyHeaders.of(request), arrivedNs);
    return bodies
        .read(request)
        .thenCompose(body -> infer(JsonHeaders.cut(request, body), values, asking))
        .thenApply(reply -> Compression.offer(request, reply));
  }

  private CompletionStage<HttpResponse> infer(InferBody body, PathValues values, Asking asking) {
    LoadedModel model = registry.acquire(values.model(), values.version(), asking.key());
    CompletionStage<HttpResponse> answer;
    try {
      answer = infer(model, body, asking);
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

  private CompletionStage<HttpResponse> infer(LoadedModel model, InferBody body, Asking asking) {
    Optional<Submission.Refused> hopeless = model.queue().refusal(asking.urgency());
    if (hopeless.isPresent() && !body.mentionsPriority()) {
      return CompletableFuture.completedStage(busy(model, hopeless.get()));
    }
    Call call = reader.read(body, model.signature());
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

  private static StickyKey stickyKey(HttpRequest request) {
    Optional<String> key = request.getHeader(STICKY_KEY).map(HttpHeader::value);
    return key.isEmpty() ? StickyKey.NONE : new StickyKey(key);
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
