package io.tidemill.serving.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.tidemill.serving.access.AccessTokens;
import io.tidemill.serving.access.Scope;
import java.util.Optional;

/**
 * Lets pass whose call bears the token that its method wants, in the metadata {@code
 * authorization}; the same tokens as over HTTP.
 */
record TokenCheck(AccessTokens tokens) implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Optional<String> token = Optional.ofNullable(headers.get(AUTHORIZATION));
    Optional<String> refusal =
        tokens.refusal(
            scope(String.valueOf(call.getMethodDescriptor().getBareMethodName())), token);
    if (refusal.isEmpty()) {
      return next.startCall(call, headers);
    }
    call.close(Status.UNAUTHENTICATED.withDescription(refusal.get()), new Metadata());
    return new ServerCall.Listener<>() {};
  }

  /** What nobody thought of is the admin's. */
  private static Scope scope(String method) {
    return switch (method) {
      case "ServerLive", "ServerReady", "ServerMetadata" -> Scope.PUBLIC;
      case "ModelReady",
          "ModelMetadata",
          "ModelConfig",
          "ModelStatistics",
          "ModelInfer",
          "ModelStreamInfer" ->
          Scope.INFER;
      default -> Scope.ADMIN;
    };
  }
}
