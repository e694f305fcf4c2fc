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
 * <p>A body whose announced length is over the limit is not read at all: the answer goes out first
 * and the connection is closed behind it. One of unknown length is read up to the limit.
 */
final class BodyReader {
  private final long maxBytes;
  private final Duration timeout;
  private final Materializer materializer;

  BodyReader(long maxBytes, Duration timeout, Materializer materializer) {
    this.maxBytes = maxBytes;
    this.timeout = timeout;
    this.materializer = materializer;
  }

  /** The body; fails with {@link EntityStreamSizeException} or a timeout. */
  CompletionStage<byte[]> read(HttpRequest request) {
    RequestEntity entity = request.entity();
    OptionalLong length = entity.getContentLengthOption();
    if (length.isPresent() && length.getAsLong() > maxBytes) {
      return CompletableFuture.failedStage(
          new EntityStreamSizeException(maxBytes, Option.apply(length.getAsLong())));
    }
    if (entity instanceof HttpEntity.Strict strict) {
      return CompletableFuture.completedStage(strict.getData().toArray());
    }
    return entity
        .withSizeLimit(maxBytes)
        .toStrict(timeout.toMillis(), materializer)
        .thenApply(strict -> strict.getData().toArray());
  }
}
