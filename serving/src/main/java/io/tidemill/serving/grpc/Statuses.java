package io.tidemill.serving.grpc;

import com.google.protobuf.Any;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.tidemill.error.EngineException;
import io.tidemill.serving.call.Refusal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a call is not answered, in gRPC's codes.
 *
 * <p>Whoever may try again is told when, in both ways that clients know: {@code
 * grpc-retry-pushback-ms}, and {@code google.rpc.RetryInfo} among the details.
 *
 * @see <a href="https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback">gRFC
 *     A6, "Pushback"</a>
 */
final class Statuses {
  private static final Logger LOG = LoggerFactory.getLogger(Statuses.class);
  private static final long RETRY_SECONDS = 1;
  private static final Metadata.Key<String> PUSHBACK_MS =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<com.google.rpc.Status> DETAILS =
      Metadata.Key.of(
          "grpc-status-details-bin",
          ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

  private Statuses() {}

  static StatusRuntimeException of(Refusal refusal) {
    return switch (refusal) {
      case Refusal.Busy busy -> unavailable(busy.sentence(), busy.retryAfterSeconds());
      case Refusal.Unavailable unavailable -> unavailable(unavailable.sentence(), RETRY_SECONDS);
      case Refusal.TooLarge large -> plain(Status.INVALID_ARGUMENT, large.sentence());
      case Refusal.Invalid invalid -> plain(Status.INVALID_ARGUMENT, invalid.sentence());
      case Refusal.NotFound notFound -> plain(Status.NOT_FOUND, notFound.sentence());
      case Refusal.OutOfTime late -> plain(Status.DEADLINE_EXCEEDED, late.sentence());
      case Refusal.Withdrawn withdrawn -> plain(Status.CANCELLED, withdrawn.sentence());
      case Refusal.Failed failed -> internal(failed.cause());
    };
  }

  /** Of what a handler that calls no model has thrown. */
  static StatusRuntimeException of(RuntimeException failure) {
    return switch (failure) {
      case StatusRuntimeException status -> status;
      case EngineException e ->
          switch (e.code()) {
            case INVALID_ARGUMENT, INVALID_DATA -> plain(Status.INVALID_ARGUMENT, e.getMessage());
            case NOT_FOUND -> plain(Status.NOT_FOUND, e.getMessage());
            case RESOURCE -> unavailable(e.getMessage(), RETRY_SECONDS);
            case CORRUPT_STATE, USER_CODE, INTERNAL -> internal(e);
          };
      default -> internal(failure);
    };
  }

  static StatusRuntimeException plain(Status status, String sentence) {
    return status.withDescription(sentence).asRuntimeException();
  }

  private static StatusRuntimeException unavailable(String sentence, long retrySeconds) {
    RetryInfo retry =
        RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(retrySeconds))
            .build();
    Metadata trailers = new Metadata();
    trailers.put(PUSHBACK_MS, String.valueOf(retrySeconds * 1_000));
    trailers.put(
        DETAILS,
        com.google.rpc.Status.newBuilder()
            .setCode(Status.UNAVAILABLE.getCode().value())
            .setMessage(sentence)
            .addDetails(Any.pack(retry))
            .build());
    return Status.UNAVAILABLE.withDescription(sentence).asRuntimeException(trailers);
  }

  private static StatusRuntimeException internal(Throwable cause) {
    LOG.error("gRPC call failed: cause={}", cause.toString(), cause);
    return plain(Status.INTERNAL, "internal error: " + cause);
  }
}
