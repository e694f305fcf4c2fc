package io.tidemill.serving.grpc;

import io.grpc.ServerCallHandler;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.tidemill.serving.call.ModelCalls;
import io.tidemill.serving.proto.ServerLiveResponse;
import io.tidemill.serving.proto.ServerMetadataResponse;
import io.tidemill.serving.proto.ServerReadyResponse;
import io.tidemill.serving.protocol.ProtocolWriter;
import io.tidemill.serving.registry.ModelRegistry;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** {@code inference.GRPCInferenceService}, method by method. Any thread. */
final class InferenceService {
  /** What reads files or loads a model, for which no thread of the server may wait. */
  private static final Executor APART = task -> Thread.ofVirtual().start(task);

  private final ModelQuestions questions;
  private final Calls calls;
  private final String serverVersion;
  private final BooleanSupplier isReady;

  InferenceService(ModelRegistry registry, String serverVersion, BooleanSupplier isReady) {
    this.questions = new ModelQuestions(registry);
    this.calls = new Calls(new ModelCalls(registry));
    this.serverVersion = serverVersion;
    this.isReady = isReady;
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder(InferenceMethods.SERVICE)
        .addMethod(
            InferenceMethods.SERVER_LIVE,
            unary(_ -> ServerLiveResponse.newBuilder().setLive(true).build(), Runnable::run))
        .addMethod(
            InferenceMethods.SERVER_READY,
            unary(
                _ -> ServerReadyResponse.newBuilder().setReady(isReady.getAsBoolean()).build(),
                Runnable::run))
        .addMethod(InferenceMethods.SERVER_METADATA, unary(_ -> metadata(), Runnable::run))
        .addMethod(InferenceMethods.MODEL_READY, unary(questions::ready, APART))
        .addMethod(InferenceMethods.MODEL_METADATA, unary(questions::metadata, Runnable::run))
        .addMethod(InferenceMethods.MODEL_CONFIG, unary(questions::configuration, Runnable::run))
        .addMethod(InferenceMethods.MODEL_STATISTICS, unary(questions::statistics, Runnable::run))
        .addMethod(InferenceMethods.MODEL_INFER, ServerCalls.asyncUnaryCall(calls::infer))
        .addMethod(
            InferenceMethods.MODEL_STREAM_INFER,
            ServerCalls.asyncBidiStreamingCall(calls::inferStream))
        .addMethod(InferenceMethods.REPOSITORY_INDEX, unary(questions::index, APART))
        .addMethod(InferenceMethods.REPOSITORY_LOAD, unary(questions::load, APART))
        .addMethod(InferenceMethods.REPOSITORY_UNLOAD, unary(questions::unload, APART))
        .build();
  }

  private ServerMetadataResponse metadata() {
    return ServerMetadataResponse.newBuilder()
        .setName("tidemill")
        .setVersion(serverVersion)
        .addAllExtensions(ProtocolWriter.EXTENSIONS)
        .build();
  }

  private static <Q, A> ServerCallHandler<Q, A> unary(Function<Q, A> answer, Executor executor) {
    return ServerCalls.asyncUnaryCall(
        (request, answers) ->
            executor.execute(
                () -> {
                  try {
                    answers.onNext(answer.apply(request));
                    answers.onCompleted();
                  } catch (RuntimeException e) {
                    answers.onError(Statuses.of(e));
                  }
                }));
  }
}
