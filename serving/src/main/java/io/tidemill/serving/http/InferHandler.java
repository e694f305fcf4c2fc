package io.tidemill.serving.http;

import io.tidemill.serving.batch.Submission;
import io.tidemill.serving.protocol.InferBody;
import io.tidemill.serving.protocol.InferRequest;
import io.tidemill.serving.protocol.InferRequestReader;
import io.tidemill.serving.protocol.ProtocolWriter;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.serving.registry.ModelRegistry;
import io.tidemill.tensor.NamedTensor;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;

/**
 * {@code POST /v2/models/{model}[/versions/{version}]/infer}.
 *
 * <p>The body is read and checked whole, queued, and answered from the thread that computed it.
 */
final class InferHandler implements Handler {
  private final ModelRegistry registry;
  private final BodyReader bodies;
  private final JsonHeaders headers;

  InferHandler(ModelRegistry registry, BodyReader bodies, JsonHeaders headers) {
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
    return bodies
        .read(request)
        .thenCompose(body -> infer(JsonHeaders.cut(request, body), values, arrivedNs))
        .thenApply(reply -> Compression.offer(request, reply));
  }

  private CompletionStage<HttpResponse> infer(InferBody body, PathValues values, long arrivedNs) {
    LoadedModel model = registry.acquire(values.model(), values.version());
    CompletionStage<HttpResponse> answer;
    try {
      answer = infer(model, InferRequestReader.read(body, model.signature()));
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedStage(e);
    }
    return answer
        .exceptionally(Replies::failure)
        .thenApply(
            reply -> {
              record(model, reply, arrivedNs);
              model.release();
              return reply;
            });
  }

  private static CompletionStage<HttpResponse> infer(LoadedModel model, InferRequest request) {
    return switch (model.queue().submit(request.inputs())) {
      case Submission.Accepted(CompletableFuture<List<NamedTensor>> outputs) ->
          outputs.thenApply(tensors -> success(model, request, tensors));
      case Submission.Refused(int queuedRows, Duration retryAfter) ->
          CompletableFuture.completedStage(busy(model, queuedRows, retryAfter));
      case Submission.TooLarge(int rows, int mostRows) ->
          CompletableFuture.completedStage(
              Replies.error(
                  413,
                  "too many rows in one request: expected at most %d, found %d"
                      .formatted(mostRows, rows)));
    };
  }

  private static HttpResponse success(
      LoadedModel model, InferRequest request, List<NamedTensor> outputs) {
    String version = String.valueOf(model.version());
    InferBody body =
        ProtocolWriter.response(model.name(), version, model.lineage(), request, outputs);
    return body.isBinary()
        ? Replies.bytes(200, ContentTypes.APPLICATION_OCTET_STREAM, body.bytes())
            .addHeader(Replies.header(InferBody.JSON_LENGTH, String.valueOf(body.jsonBytes())))
        : Replies.json(200, body.bytes());
  }

  private static HttpResponse busy(LoadedModel model, int queuedRows, Duration retryAfter) {
    long seconds = Math.max(1, retryAfter.plusMillis(999).toSeconds());
    String sentence =
        "model \"%s\" is busy: %d rows wait; try again in %d s"
            .formatted(model.name(), queuedRows, seconds);
    return Replies.error(503, sentence)
        .addHeader(Replies.header("Retry-After", String.valueOf(seconds)));
  }

  private static void record(LoadedModel model, HttpResponse reply, long arrivedNs) {
    if (reply.status().equals(StatusCodes.OK)) {
      model.meters().succeeded(System.nanoTime() - arrivedNs);
    } else {
      model.meters().failed();
    }
  }
}
