package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.serving.call.Refusal;
import io.tidemill.serving.protocol.ProtocolWriter;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.scaladsl.model.EntityStreamException;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes HTTP answers. */
public final class Replies {
  private static final Logger LOG = LoggerFactory.getLogger(Replies.class);

  /** Where nothing tells when it will be better. */
  private static final long RETRY_SECONDS = 1;

  private Replies() {}

  /** A JSON body. */
  public static HttpResponse json(int status, byte[] body) {
    return bytes(status, ContentTypes.APPLICATION_JSON, body);
  }

  /** Any body; the array is the reply's from now on. */
  public static HttpResponse bytes(int status, ContentType type, byte[] body) {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(HttpEntities.create(type, ByteString.fromArrayUnsafe(body)));
  }

  /** {@code {"error": sentence}}. */
  public static HttpResponse error(int status, String sentence) {
    return json(status, ProtocolWriter.error(sentence));
  }

  /** A header as it is. */
  public static HttpHeader header(String name, String value) {
    return RawHeader.create(name, value);
  }

  /** What a failed handler means to the client; only our own faults are logged. */
  static HttpResponse failure(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return switch (cause) {
      case EngineException e -> engineFailure(e);
      case EntityStreamSizeException e -> tooLong(e.limit());
      case UnsupportedMedia e -> error(415, e.getMessage());
      case EntityStreamException e -> error(400, "the connection was closed before the body ended");
      case TimeoutException e ->
          error(408, "the body did not arrive in time: send it whole, or in fewer bytes");
      default -> internal(cause);
    };
  }

  /** What a call that is not answered means to the client. */
  static HttpResponse refusal(Refusal refusal) {
    return switch (refusal) {
      case Refusal.Busy busy -> unavailable(busy.sentence(), busy.retryAfterSeconds());
      case Refusal.TooLarge large -> error(413, large.sentence());
      case Refusal.NotFound unknown -> error(404, unknown.sentence());
      case Refusal.Invalid invalid -> error(400, invalid.sentence());
      case Refusal.OutOfTime late -> unavailable(late.sentence(), RETRY_SECONDS);
      case Refusal.Unavailable gone -> unavailable(gone.sentence(), RETRY_SECONDS);
      case Refusal.Withdrawn left -> unavailable(left.sentence(), RETRY_SECONDS); // nobody reads it
      case Refusal.Failed failed -> internal(failed.cause());
    };
  }

  /** 503, and when to try again. */
  static HttpResponse unavailable(String sentence, long retryAfterSeconds) {
    return error(503, sentence).addHeader(header("Retry-After", String.valueOf(retryAfterSeconds)));
  }

  static HttpResponse tooLong(long maxBytes) {
    return error(413, "body too long: expected at most %d bytes, found more".formatted(maxBytes));
  }

  private static HttpResponse engineFailure(EngineException e) {
    return switch (e.code()) {
      case INVALID_ARGUMENT, INVALID_DATA -> error(400, e.getMessage());
      case NOT_FOUND -> error(404, e.getMessage());
      case RESOURCE -> unavailable(e.getMessage(), RETRY_SECONDS);
      case CORRUPT_STATE, USER_CODE, INTERNAL -> internal(e);
    };
  }

  private static HttpResponse internal(Throwable cause) {
    LOG.error("request failed: cause={}", cause.toString(), cause);
    return error(500, "internal error: " + cause);
  }
}
