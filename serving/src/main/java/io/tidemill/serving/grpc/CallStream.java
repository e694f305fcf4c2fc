package io.tidemill.serving.grpc;

import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tidemill.serving.call.Asked;
import io.tidemill.serving.call.Outcome;
import io.tidemill.serving.proto.ModelInferRequest;
import io.tidemill.serving.proto.ModelStreamInferResponse;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;

/**
 * One stream of requests, computed side by side and answered in their order; a request that is
 * refused does not end the stream.
 *
 * <p>A window bounds what is under way: a client that sends and does not read is not read either.
 * The lock guards the line of calls and all that is sent.
 */
final class CallStream implements StreamObserver<ModelInferRequest> {
  private static final int WINDOW = 64;

  /** A call under way, and what it has come to. */
  private record Entry(Runnable withdraw, CompletableFuture<ModelStreamInferResponse> answer) {}

  private final Calls calls;
  private final ServerCallStreamObserver<ModelStreamInferResponse> answers;
  private final Deque<Entry> line = new ArrayDeque<>();
  private int unasked;
  private boolean isEnded;
  private boolean isClosed;

  /** Made while the call is being started, when handlers may still be set. */
  CallStream(Calls calls, ServerCallStreamObserver<ModelStreamInferResponse> answers) {
    this.calls = calls;
    this.answers = answers;
    answers.disableAutoRequest();
    answers.setOnReadyHandler(this::askForMore);
    answers.setOnCancelHandler(this::leave);
    answers.request(WINDOW);
  }

  @Override
  public void onNext(ModelInferRequest request) {
    Entry entry = entry(request);
    synchronized (this) {
      line.add(entry);
    }
    var _ = entry.answer().thenRun(this::send); // that it is answered is told nobody else
  }

  @Override
  public void onError(Throwable cause) {
    leave();
  }

  @Override
  public void onCompleted() {
    synchronized (this) {
      isEnded = true;
    }
    send();
  }

  private Entry entry(ModelInferRequest request) {
    CompletableFuture<ModelStreamInferResponse> answer = new CompletableFuture<>();
    try {
      Asked<InferMessage> asked = calls.ask(request);
      asked.outcome().thenAccept(outcome -> answer.complete(message(request, outcome)));
      return new Entry(asked.withdraw(), answer);
    } catch (StatusRuntimeException e) {
      answer.complete(refusal(request, e));
      return new Entry(() -> {}, answer);
    }
  }

  private static ModelStreamInferResponse message(
      ModelInferRequest request, Outcome<InferMessage> outcome) {
    try {
      return ModelStreamInferResponse.newBuilder().setInferResponse(Calls.answer(outcome)).build();
    } catch (RuntimeException e) {
      return refusal(request, Statuses.of(e));
    }
  }

  /** With the id of the request, by which clients know which one it was. */
  private static ModelStreamInferResponse refusal(
      ModelInferRequest request, StatusRuntimeException e) {
    ModelStreamInferResponse.Builder refusal = ModelStreamInferResponse.newBuilder();
    refusal.setErrorMessage(String.valueOf(e.getStatus().getDescription()));
    refusal.getInferResponseBuilder().setId(request.getId());
    return refusal.build();
  }

  /** Sends what has its turn, and ends where everything has been sent. */
  private synchronized void send() {
    while (!isClosed && !line.isEmpty() && line.getFirst().answer().isDone()) {
      answers.onNext(line.removeFirst().answer().join());
      unasked++;
    }
    if (!isClosed && isEnded && line.isEmpty()) {
      isClosed = true;
      answers.onCompleted();
    }
    askForMore();
  }

  /** As many as were answered, once the client has read of that. */
  private synchronized void askForMore() {
    if (!isClosed && unasked > 0 && answers.isReady()) {
      answers.request(unasked);
      unasked = 0;
    }
  }

  private void leave() {
    Deque<Entry> left;
    synchronized (this) {
      isClosed = true;
      left = new ArrayDeque<>(line);
      line.clear();
    }
    left.forEach(entry -> entry.withdraw().run());
  }
}
