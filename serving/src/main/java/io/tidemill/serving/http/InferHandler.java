package io.tidemill.serving.http;

import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.protocol.InferBody;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * Answers a call to a model in one of the inference protocols; its body is read and checked whole.
 */
final class InferHandler implements Handler {
  /** Reads a body, which has to fit the signature. */
  interface CallReader {
    HttpCall read(InferBody body, CallSignature signature);
  }

  private final CallReader reader;
  private final HttpCalls calls;
  private final BodyReader bodies;

  InferHandler(CallReader reader, HttpCalls calls, BodyReader bodies) {
    this.reader = reader;
    this.calls = calls;
    this.bodies = bodies;
  }

  @Override
  public CompletionStage<HttpResponse> handle(HttpRequest request, PathValues values) {
    HttpCalls.Client client = HttpCalls.Client.of(request);
    return bodies
        .readJson(request)
        .thenCompose(
            body -> {
              InferBody cut = JsonHeaders.cut(request, body);
              return calls.answer(
                  values.model(),
                  values.version(),
                  client,
                  cut::mentionsPriority,
                  signature -> reader.read(cut, signature));
            })
        .thenApply(reply -> Compression.offer(request, reply));
  }
}
