package io.tidemill.serving;

import static io.tidemill.serving.Requests.ROW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.rpc.RetryInfo;
import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.grpc.InferenceMethods;
import io.tidemill.serving.proto.ModelInferRequest;
import io.tidemill.serving.proto.ModelInferResponse;
import io.tidemill.serving.proto.ModelStreamInferResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrpcOverloadTest {
  private static final ServingConfig CONFIG =
      ServingConfig.defaults()
          .with(
              change ->
                  change
                      .grpcPort(0)
                      .executors(1)
                      .batchRows(4)
                      .maxQueuedRows(8)
                      .stopTimeout(Duration.ofSeconds(60)));

  private final GatedDevice device = new GatedDevice();
  @TempDir private Path state;

  @BeforeEach
  void publish() {
    PublishedModels.small().publish(ModelStore.in(state), "small", 1);
  }

  @Test
  void refusesACallForWhichTheQueueHasNoRoomAndSaysWhenToComeAgain() throws Exception {
    try (RunningServer server = new RunningServer(state, CONFIG, device);
        GrpcClient client = new GrpcClient(server)) {
      device.hold();
      ListenableFuture<ModelInferResponse> running = start(client, 4);
      device.awaitHeldRuns(1);
      ListenableFuture<ModelInferResponse> waiting = start(client, 8);
      server.awaitQueuedRows(8);

      StatusRuntimeException refused = client.refusal(GrpcClient.listed(ROW).build());

      assertEquals(Status.Code.UNAVAILABLE, refused.getStatus().getCode());
      RetryInfo retry = StatusProto.fromThrowable(refused).getDetails(0).unpack(RetryInfo.class);
      assertTrue(retry.getRetryDelay().getSeconds() >= 1);
      Metadata.Key<String> pushback =
          Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);
      assertEquals(
          retry.getRetryDelay().getSeconds() * 1_000,
          Long.parseLong(refused.getTrailers().get(pushback)));
      device.open();
      assertEquals(4, running.get().getOutputs(0).getShape(0));
      assertEquals(8, waiting.get().getOutputs(0).getShape(0));
    }
  }

  @Test
  void refusesMoreRowsThanCouldEverWait() {
    try (RunningServer server = new RunningServer(state, CONFIG, device);
        GrpcClient client = new GrpcClient(server)) {
      StatusRuntimeException refused =
          client.refusal(GrpcClient.raw(Requests.randomRows(9, 4, 1)).build());

      assertEquals(Status.Code.INVALID_ARGUMENT, refused.getStatus().getCode());
      assertEquals(
          "too many rows in one request: expected at most 8, found 9",
          refused.getStatus().getDescription());
    }
  }

  @Test
  void doesNotComputeWhatTheClientHasCancelled() throws Exception {
    try (RunningServer server = new RunningServer(state, CONFIG, device);
        GrpcClient client = new GrpcClient(server)) {
      device.hold();
      ListenableFuture<ModelInferResponse> running = start(client, 1);
      device.awaitHeldRuns(1);
      ListenableFuture<ModelInferResponse> leaving = start(client, 1);
      server.awaitQueuedRows(1);

      leaving.cancel(true);

      server.awaitQueuedRows(0);
      device.open();
      assertEquals(1, running.get().getOutputs(0).getShape(0));
      assertEquals("1.0", counted(server));
    }
  }

  @Test
  void doesNotComputeWhatHasOutlivedItsDeadline() throws Exception {
    try (RunningServer server = new RunningServer(state, CONFIG, device);
        GrpcClient client = new GrpcClient(server)) {
      device.hold();
      ListenableFuture<ModelInferResponse> running = start(client, 1);
      device.awaitHeldRuns(1);

      StatusRuntimeException late =
          assertThrows(
              StatusRuntimeException.class,
              () ->
                  client.ask(
                      InferenceMethods.MODEL_INFER,
                      GrpcClient.listed(ROW).build(),
                      CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS)));

      assertEquals(Status.Code.DEADLINE_EXCEEDED, late.getStatus().getCode());
      server.awaitQueuedRows(0);
      device.open();
      assertEquals(1, running.get().getOutputs(0).getShape(0));
      assertEquals("1.0", counted(server));
    }
  }

  @Test
  void answersAStreamInOrderAndGoesOnAfterARefusal() throws Exception {
    try (RunningServer server = new RunningServer(state, CONFIG, device);
        GrpcClient client = new GrpcClient(server)) {
      Answers answers = new Answers();
      StreamObserver<ModelInferRequest> requests =
          ClientCalls.asyncBidiStreamingCall(
              client.channel().newCall(InferenceMethods.MODEL_STREAM_INFER, CallOptions.DEFAULT),
              answers);

      requests.onNext(GrpcClient.listed(ROW).setId("a").build());
      requests.onNext(GrpcClient.listed(ROW).setId("b").setModelName("none").build());
      requests.onNext(GrpcClient.raw(ROW, ROW).setId("c").build());
      requests.onCompleted();

      List<ModelStreamInferResponse> all = answers.all.get(60, TimeUnit.SECONDS);
      assertEquals(
          List.of("a", "b", "c"),
          all.stream().map(answer -> answer.getInferResponse().getId()).toList());
      assertEquals("", all.get(0).getErrorMessage());
      assertTrue(all.get(1).getErrorMessage().contains("unknown model"));
      assertEquals(2, all.get(2).getInferResponse().getOutputs(0).getShape(0));
    }
  }

  @Test
  void answersMoreRequestsOfAStreamThanItsWindowHolds() throws Exception {
    int requested = 300;
    try (RunningServer server =
            new RunningServer(state, CONFIG.with(change -> change.maxQueuedRows(1_000)), device);
        GrpcClient client = new GrpcClient(server)) {
      Answers answers = new Answers();
      StreamObserver<ModelInferRequest> requests =
          ClientCalls.asyncBidiStreamingCall(
              client.channel().newCall(InferenceMethods.MODEL_STREAM_INFER, CallOptions.DEFAULT),
              answers);

      for (int i = 0; i < requested; i++) {
        requests.onNext(GrpcClient.raw(ROW).setId(String.valueOf(i)).build());
      }
      requests.onCompleted();

      assertEquals(
          IntStream.range(0, requested).mapToObj(String::valueOf).toList(),
          answers.all.get(60, TimeUnit.SECONDS).stream()
              .map(answer -> answer.getInferResponse().getId())
              .toList());
    }
  }

  @Test
  void answersTheCallsInFlightWhenToldToStopAndNoOthers() throws Exception {
    try (RunningServer server = new RunningServer(state, CONFIG, device);
        GrpcClient client = new GrpcClient(server)) {
      device.hold();
      ListenableFuture<ModelInferResponse> running = start(client, 4);
      device.awaitHeldRuns(1);
      ListenableFuture<ModelInferResponse> waiting = start(client, 8);
      server.awaitQueuedRows(8);
      CompletableFuture<Void> stopping = CompletableFuture.runAsync(server.server()::close);
      server.awaitClosedPort();

      StatusRuntimeException refused = client.refusal(GrpcClient.listed(ROW).build());
      device.open();

      assertEquals(Status.Code.UNAVAILABLE, refused.getStatus().getCode());
      assertEquals(4, running.get().getOutputs(0).getShape(0));
      assertEquals(8, waiting.get().getOutputs(0).getShape(0));
      stopping.join();
    }
  }

  private static ListenableFuture<ModelInferResponse> start(GrpcClient client, int rows) {
    return ClientCalls.futureUnaryCall(
        client.channel().newCall(InferenceMethods.MODEL_INFER, CallOptions.DEFAULT),
        GrpcClient.raw(Requests.randomRows(rows, 4, 1)).build());
  }

  /** Rows that were computed. */
  private static String counted(RunningServer server) throws Exception {
    String name = "nv_inference_count{model=\"small\",version=\"1\"} ";
    return server
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name))
        .map(line -> line.substring(name.length()))
        .findFirst()
        .orElseThrow();
  }

  /** All of a stream's answers, once it has ended. */
  private static final class Answers implements StreamObserver<ModelStreamInferResponse> {
    private final List<ModelStreamInferResponse> soFar = new ArrayList<>();
    private final CompletableFuture<List<ModelStreamInferResponse>> all = new CompletableFuture<>();

    @Override
    public void onNext(ModelStreamInferResponse answer) {
      soFar.add(answer);
    }

    @Override
    public void onError(Throwable failure) {
      all.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      all.complete(List.copyOf(soFar));
    }
  }
}
