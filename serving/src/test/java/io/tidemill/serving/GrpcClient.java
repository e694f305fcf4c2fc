package io.tidemill.serving;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.tidemill.serving.grpc.InferenceMethods;
import io.tidemill.serving.proto.InferTensorContents;
import io.tidemill.serving.proto.ModelInferRequest;
import io.tidemill.serving.proto.ModelInferResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;

/** A real client over a real socket, and the requests that it sends to the model {@code small}. */
final class GrpcClient implements AutoCloseable {
  private final ManagedChannel channel;

  GrpcClient(RunningServer server) {
    this(server, new Metadata());
  }

  GrpcClient(RunningServer server, String token) {
    this(server, bearing(token));
  }

  private GrpcClient(RunningServer server, Metadata headers) {
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.server().grpcPort().getAsInt())
            .usePlaintext()
            .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
            .build();
  }

  private static Metadata bearing(String token) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    return headers;
  }

  ManagedChannel channel() {
    return channel;
  }

  <Q, A> A ask(MethodDescriptor<Q, A> method, Q request) {
    return ask(method, request, CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS));
  }

  <Q, A> A ask(MethodDescriptor<Q, A> method, Q request, CallOptions options) {
    return ClientCalls.blockingUnaryCall(channel, method, options, request);
  }

  ModelInferResponse infer(ModelInferRequest request) {
    return ask(InferenceMethods.MODEL_INFER, request);
  }

  /** Why a request is not answered. */
  StatusRuntimeException refusal(ModelInferRequest request) {
    try {
      throw new AssertionError("answered: " + infer(request));
    } catch (StatusRuntimeException e) {
      return e;
    }
  }

  /** Rows of four numbers, in a list. */
  static ModelInferRequest.Builder listed(float[]... rows) {
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    for (float[] row : rows) {
      for (float value : row) {
        contents.addFp32Contents(value);
      }
    }
    ModelInferRequest.Builder request = withoutElements(rows.length);
    request.getInputsBuilder(0).setContents(contents);
    return request;
  }

  /** As above, in bytes. */
  static ModelInferRequest.Builder raw(float[]... rows) {
    ByteBuffer bytes = ByteBuffer.allocate(rows.length * 16).order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : rows) {
      for (float value : row) {
        bytes.putFloat(value);
      }
    }
    return withoutElements(rows.length).addRawInputContents(ByteString.copyFrom(bytes.array()));
  }

  private static ModelInferRequest.Builder withoutElements(int rows) {
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName("small");
    request.addInputsBuilder().setName("input").setDatatype("FP32").addShape(rows).addShape(4);
    return request;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
