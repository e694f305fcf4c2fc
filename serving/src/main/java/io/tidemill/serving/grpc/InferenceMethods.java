package io.tidemill.serving.grpc;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import io.tidemill.serving.proto.ModelConfigRequest;
import io.tidemill.serving.proto.ModelConfigResponse;
import io.tidemill.serving.proto.ModelInferRequest;
import io.tidemill.serving.proto.ModelInferResponse;
import io.tidemill.serving.proto.ModelMetadataRequest;
import io.tidemill.serving.proto.ModelMetadataResponse;
import io.tidemill.serving.proto.ModelReadyRequest;
import io.tidemill.serving.proto.ModelReadyResponse;
import io.tidemill.serving.proto.ModelStatisticsRequest;
import io.tidemill.serving.proto.ModelStatisticsResponse;
import io.tidemill.serving.proto.ModelStreamInferResponse;
import io.tidemill.serving.proto.RepositoryIndexRequest;
import io.tidemill.serving.proto.RepositoryIndexResponse;
import io.tidemill.serving.proto.RepositoryModelLoadRequest;
import io.tidemill.serving.proto.RepositoryModelLoadResponse;
import io.tidemill.serving.proto.RepositoryModelUnloadRequest;
import io.tidemill.serving.proto.RepositoryModelUnloadResponse;
import io.tidemill.serving.proto.ServerLiveRequest;
import io.tidemill.serving.proto.ServerLiveResponse;
import io.tidemill.serving.proto.ServerMetadataRequest;
import io.tidemill.serving.proto.ServerMetadataResponse;
import io.tidemill.serving.proto.ServerReadyRequest;
import io.tidemill.serving.proto.ServerReadyResponse;

/**
 * The methods of {@code inference.GRPCInferenceService}, for the server and for its clients.
 *
 * @see <a
 *     href="https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_grpc.md">the
 *     protocol</a>, and Triton's extensions
 */
public final class InferenceMethods {
  /** The service that they belong to. */
  public static final String SERVICE = "inference.GRPCInferenceService";

  public static final MethodDescriptor<ServerLiveRequest, ServerLiveResponse> SERVER_LIVE =
      unary(
          "ServerLive",
          ServerLiveRequest.getDefaultInstance(),
          ServerLiveResponse.getDefaultInstance());

  public static final MethodDescriptor<ServerReadyRequest, ServerReadyResponse> SERVER_READY =
      unary(
          "ServerReady",
          ServerReadyRequest.getDefaultInstance(),
          ServerReadyResponse.getDefaultInstance());

  public static final MethodDescriptor<ModelReadyRequest, ModelReadyResponse> MODEL_READY =
      unary(
          "ModelReady",
          ModelReadyRequest.getDefaultInstance(),
          ModelReadyResponse.getDefaultInstance());

  public static final MethodDescriptor<ServerMetadataRequest, ServerMetadataResponse>
      SERVER_METADATA =
          unary(
              "ServerMetadata",
              ServerMetadataRequest.getDefaultInstance(),
              ServerMetadataResponse.getDefaultInstance());

  public static final MethodDescriptor<ModelMetadataRequest, ModelMetadataResponse> MODEL_METADATA =
      unary(
          "ModelMetadata",
          ModelMetadataRequest.getDefaultInstance(),
          ModelMetadataResponse.getDefaultInstance());

  public static final MethodDescriptor<ModelInferRequest, ModelInferResponse> MODEL_INFER =
      unary(
          "ModelInfer",
          ModelInferRequest.getDefaultInstance(),
          ModelInferResponse.getDefaultInstance());

  public static final MethodDescriptor<ModelInferRequest, ModelStreamInferResponse>
      MODEL_STREAM_INFER =
          method(
              MethodType.BIDI_STREAMING,
              "ModelStreamInfer",
              ModelInferRequest.getDefaultInstance(),
              ModelStreamInferResponse.getDefaultInstance());

  public static final MethodDescriptor<ModelConfigRequest, ModelConfigResponse> MODEL_CONFIG =
      unary(
          "ModelConfig",
          ModelConfigRequest.getDefaultInstance(),
          ModelConfigResponse.getDefaultInstance());

  public static final MethodDescriptor<ModelStatisticsRequest, ModelStatisticsResponse>
      MODEL_STATISTICS =
          unary(
              "ModelStatistics",
              ModelStatisticsRequest.getDefaultInstance(),
              ModelStatisticsResponse.getDefaultInstance());

  public static final MethodDescriptor<RepositoryIndexRequest, RepositoryIndexResponse>
      REPOSITORY_INDEX =
          unary(
              "RepositoryIndex",
              RepositoryIndexRequest.getDefaultInstance(),
              RepositoryIndexResponse.getDefaultInstance());

  public static final MethodDescriptor<RepositoryModelLoadRequest, RepositoryModelLoadResponse>
      REPOSITORY_LOAD =
          unary(
              "RepositoryModelLoad",
              RepositoryModelLoadRequest.getDefaultInstance(),
              RepositoryModelLoadResponse.getDefaultInstance());

  public static final MethodDescriptor<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse>
      REPOSITORY_UNLOAD =
          unary(
              "RepositoryModelUnload",
              RepositoryModelUnloadRequest.getDefaultInstance(),
              RepositoryModelUnloadResponse.getDefaultInstance());

  private InferenceMethods() {}

  private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> unary(
      String name, Q request, A answer) {
    return method(MethodType.UNARY, name, request, answer);
  }

  private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
      MethodType type, String name, Q request, A answer) {
    return MethodDescriptor.<Q, A>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
        .setRequestMarshaller(ProtoUtils.marshaller(request))
        .setResponseMarshaller(ProtoUtils.marshaller(answer))
        .build();
  }
}
