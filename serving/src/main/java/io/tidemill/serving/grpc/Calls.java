package io.tidemill.serving.grpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.tidemill.serving.call.Answered;
import io.tidemill.serving.call.Asked;
import io.tidemill.serving.call.Asking;
import io.tidemill.serving.call.ModelCalls;
import io.tidemill.serving.call.Outcome;
import io.tidemill.serving.call.Refused;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.proto.ModelInferRequest;
import io.tidemill.serving.proto.ModelInferResponse;
import io.tidemill.serving.proto.ModelStreamInferResponse;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Makes the calls that come over gRPC, and withdraws those that the client cancels or whose
 * deadline is over. Any thread; an answer is made on the thread that computed it.
 */
final class Calls {
  private final ModelCalls calls;

  Calls(ModelCalls calls) {
    this.calls = calls;
  }

  /** {@code ModelInfer}. */
  void infer(ModelInferRequest request, StreamObserver<ModelInferResponse> answers) {
    ServerCallStreamObserver<ModelInferResponse> call =
        (ServerCallStreamObserver<ModelInferResponse>) answers;
    Asked<InferMessage> asked;
    try {
      asked = ask(request);
    } catch (StatusRuntimeException e) {
      answers.onError(e);
      return;
    }
    call.setOnCancelHandler(asked.withdraw());
    asked
        .outcome()
        .whenComplete(
            (outcome, _) -> {
              try {
                answers.onNext(answer(outcome));
                answers.onCompleted();
              } catch (RuntimeException e) {
                answers.onError(Statuses.of(e));
              }
            });
  }

  /** {@code ModelStreamInfer}: answered in the order of the requests. */
  StreamObserver<ModelInferRequest> inferStream(StreamObserver<ModelStreamInferResponse> answers) {
    return new CallStream(this, (ServerCallStreamObserver<ModelStreamInferResponse>) answers);
  }

  /**
   * Makes a call.
   *
   * @throws StatusRuntimeException DEADLINE_EXCEEDED where it comes too late to be made
   */
  Asked<InferMessage> ask(ModelInferRequest request) {
    return calls.ask(
        request.getModelName(),
        version(request.getModelVersion()),
        new Asking(CallMetadata.stickyKey(), urgency(), System.nanoTime()),
        () -> request.containsParameters("priority"),
        signature -> InferMessage.read(request, signature));
  }

  /**
   * What a call is answered.
   *
   * @throws StatusRuntimeException where it was refused
   */
  static ModelInferResponse answer(Outcome<InferMessage> outcome) {
    return switch (outcome) {
      case Answered<InferMessage> answered ->
          answered.call().answer(answered.model(), answered.outputs());
      case Refused<InferMessage> refused -> throw Statuses.of(refused.refusal());
    };
  }

  /** Empty for the one that the traffic of the model chooses. */
  static Optional<String> version(String version) {
    return version.isEmpty() ? Optional.empty() : Optional.of(version);
  }

  private static Urgency urgency() {
    Deadline deadline = Context.current().getDeadline();
    if (deadline == null) {
      return Urgency.NORMAL;
    }
    long leftNs = deadline.timeRemaining(TimeUnit.NANOSECONDS);
    if (leftNs <= 0) {
      throw Statuses.plain(Status.DEADLINE_EXCEEDED, "the deadline was over on arrival");
    }
    return Urgency.NORMAL.within(leftNs);
  }
}
