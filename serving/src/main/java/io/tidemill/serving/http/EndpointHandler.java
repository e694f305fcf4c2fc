package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.FeatureEndpoint;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.protocol.ProtocolWriter;
import io.tidemill.serving.protocol.RecordJson;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.TensorSpec;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * {@code POST /pipelines/{job}/{endpoint}}: raw records, answered with their features and what the
 * model says of them.
 *
 * <p>The features come from the running job's own operators, the answer from the version of its
 * model that is served at that moment.
 */
final class EndpointHandler implements Handler {
  /** A call to the model with features that the job has made. */
  private record FeatureCall(TensorSpec input, FeatureEndpoint endpoint, List<Object> features)
      implements HttpCall {
    @Override
    public List<NamedTensor> inputs() {
      return List.of(
          new NamedTensor(
              input.name(),
              input.type(),
              input.shape().bind(features.size()),
              endpoint.rows(features)));
    }

    @Override
    public Urgency urgency(Urgency unlessSaid) {
      return unlessSaid;
    }

    @Override
    public HttpResponse answer(LoadedModel model, List<NamedTensor> outputs) {
      return Replies.json(200, ProtocolWriter.predictions(model.answerHead(), features, outputs));
    }
  }

  private final PipelineRoutes.Endpoints endpoints;
  private final HttpCalls calls;
  private final BodyReader bodies;

  EndpointHandler(PipelineRoutes.Endpoints endpoints, HttpCalls calls, BodyReader bodies) {
    this.endpoints = endpoints;
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
              FeatureEndpoint endpoint = endpoints.find(values.get("job"), values.get("endpoint"));
              return features(endpoint, RecordJson.read(body, endpoint.recordType()))
                  .thenCompose(features -> predict(endpoint, features, client));
            })
        .exceptionally(EndpointHandler::refused)
        .thenApply(reply -> Compression.offer(request, reply));
  }

  private static CompletionStage<List<Object>> features(
      FeatureEndpoint endpoint, List<Object> records) {
    if (records.isEmpty()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "body: expected at least one record, found an empty array");
    }
    List<CompletableFuture<Object>> features = records.stream().map(endpoint::features).toList();
    return CompletableFuture.allOf(features.toArray(CompletableFuture[]::new))
        .thenApply(_ -> features.stream().map(CompletableFuture::join).toList());
  }

  /** An operator that fails at a record from outside refuses it; the job has no part in that. */
  private static HttpResponse refused(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof EngineException e && e.code() == ErrorCode.USER_CODE
        ? Replies.error(422, e.getMessage())
        : Replies.failure(failure);
  }

  private CompletionStage<HttpResponse> predict(
      FeatureEndpoint endpoint, List<Object> features, HttpCalls.Client client) {
    return calls.answer(
        endpoint.model(),
        Optional.empty(),
        client,
        () -> false,
        signature -> new FeatureCall(signature.inputs().getFirst(), endpoint, features));
  }
}
