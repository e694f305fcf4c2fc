package io.tidemill.serving.http;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.stream.Materializer;
import scala.Option;

/**
 * Reads a request's body whole, within a size and a time. Any thread.
 *
 * <p>What is over the limit is never kept. A little more of it is read and dropped, because most
 * clients (Python's among them) read no answer before they have sent all; after that, or where the
 * client asked by {@code Expect: 100-continue}, the refusal goes out at once and the connection is
 * closed behind it.
 */
public final class BodyReader {
  /** How much over the limit is read and dropped for the client's sake. */
  static final long DROPPED_BYTES = 64L << 20;

  private final long maxBytes;
  private final Duration timeout;
  private final Materializer materializer;

  /** Bodies of at most so many bytes, which arrive within {@code timeout}. */
  public BodyReader(long maxBytes, Duration timeout, Materializer materializer) {
    this.maxBytes = maxBytes;
    this.timeout = timeout;
    this.materializer = materializer;
  }

  /**
   * The body, decompressed; fails with {@link EntityStreamSizeException}, which counts what it has
   * become, with a timeout, or where it is not compressed as its header says.
   */
  public CompletionStage<byte[]> read(HttpRequest request) {
    return readAsItCame(request).thenApply(body -> decompressed(request, body));
  }

  /**
   * A body that is JSON, with binary tensors behind it or not; fails as {@link #read} does, or with
   * 415 where the headers say that it is something else.
   */
  public CompletionStage<byte[]> readJson(HttpRequest request) {
    if (!isEmpty(request) && !JsonHeaders.isJson(request.entity().getContentType())) {
      return refused(
          request, "Content-Type application/json", request.entity().getContentType().toString());
    }
    return read(request);
  }

  private byte[] decompressed(HttpRequest request, byte[] body) {
    byte[] plain = Compression.undo(request, body, maxBytes);
    if (!Compression.isNone(request)) {
      Caller.of(request).holds(plain.length);
    }
    return plain;
  }

  private CompletionStage<byte[]> readAsItCame(HttpRequest request) {
    if (!Compression.isKnown(request)) {
      return refused(request, Compression.EXPECTED, Compression.of(request));
    }
    RequestEntity entity = request.entity();
    if (isHopeless(request, entity.getContentLengthOption())) {
      return CompletableFuture.failedStage(tooLong(maxBytes));
    }
    if (entity instanceof HttpEntity.Strict strict && strict.getData().size() <= maxBytes) {
      Caller.of(request).holds(strict.getData().size());
      return CompletableFuture.completedStage(strict.getData().toArray());
    }
    return entity
        .withoutSizeLimit()
        .getDataBytes()
        .completionTimeout(timeout)
        .runFold(new BodyBuffer(maxBytes, Caller.of(request)), BodyBuffer::append, materializer)
        .thenApply(BodyBuffer::toArray);
  }

  private CompletionStage<byte[]> refused(HttpRequest request, String expected, String found) {
    request.discardEntityBytes(materializer);
    return CompletableFuture.failedStage(new UnsupportedMedia(expected, found));
  }

  private static boolean isEmpty(HttpRequest request) {
    return request.entity().isKnownEmpty();
  }

  static EntityStreamSizeException tooLong(long maxBytes) {
    return new EntityStreamSizeException(maxBytes, Option.empty());
  }

  private boolean isHopeless(HttpRequest request, OptionalLong length) {
    if (length.isEmpty() || length.getAsLong() <= maxBytes) {
      return false;
    }
    return length.getAsLong() > maxBytes + DROPPED_BYTES || request.getHeader("Expect").isPresent();
  }
}
