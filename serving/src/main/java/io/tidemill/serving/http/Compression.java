package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.InflaterInputStream;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.ContentEncoding;
import org.apache.pekko.http.javadsl.model.headers.HttpEncodings;

/**
 * Bodies that are compressed on their way. Any thread.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1">RFC 9110, content codings</a>
 */
final class Compression {
  /** What may be said of a request's body. */
  static final String EXPECTED = "Content-Encoding gzip or deflate, or none";

  private static final Set<String> KNOWN = Set.of("identity", "gzip", "deflate");

  /** Shorter answers gain nothing that is worth the time. */
  private static final int LEAST_BYTES = 4096;

  /** An array of the JVM. */
  private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

  /** Named, and not with a quality of 0. */
  private static final Pattern GZIP_TAKEN =
      Pattern.compile("(?:^|[,\\s])(?:gzip|\\*)\\s*(?:$|,|;\\s*q=(?!0(?:\\.0*)?\\s*(?:$|,)))");

  /** Decompresses what it is opened over. */
  private interface Decoder {
    InputStream over(InputStream compressed) throws IOException;
  }

  private Compression() {}

  /** What the header says, in lower case. */
  static String of(HttpRequest request) {
    return request
        .getHeader("Content-Encoding")
        .map(HttpHeader::value)
        .orElse("identity")
        .toLowerCase(Locale.ROOT);
  }

  static boolean isNone(HttpRequest request) {
    return of(request).equals("identity");
  }

  static boolean isKnown(HttpRequest request) {
    return KNOWN.contains(of(request));
  }

  /**
   * The body of a request as it was before.
   *
   * @throws EngineException INVALID_ARGUMENT where it is not compressed as its header says, or cut
   *     off
   * @throws org.apache.pekko.http.scaladsl.model.EntityStreamSizeException where it is longer than
   *     {@code maxBytes}, of which no more is kept than that
   */
  static byte[] undo(HttpRequest request, byte[] body, long maxBytes) {
    String coding = of(request);
    return switch (coding) {
      case "identity" -> body;
      case "gzip" -> undo(coding, body, maxBytes, GZIPInputStream::new);
      case "deflate" -> undo(coding, body, maxBytes, InflaterInputStream::new);
      default -> throw wrong("expected %s, found %s".formatted(EXPECTED, coding));
    };
  }

  /** Compresses a long answer where the client says that it takes gzip. */
  static HttpResponse offer(HttpRequest request, HttpResponse reply) {
    if (!(reply.entity() instanceof HttpEntity.Strict strict)
        || strict.getData().size() < LEAST_BYTES
        || !takesGzip(request)) {
      return reply;
    }
    byte[] body = strict.getData().toArray();
    ByteArrayOutputStream compressed = new ByteArrayOutputStream(body.length / 2);
    try (OutputStream gzip = new FastGzip(compressed)) {
      gzip.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return reply
        .withEntity(HttpEntities.create(strict.getContentType(), compressed.toByteArray()))
        .addHeader(ContentEncoding.create(HttpEncodings.GZIP));
  }

  private static boolean takesGzip(HttpRequest request) {
    return request
        .getHeader("Accept-Encoding")
        .filter(header -> GZIP_TAKEN.matcher(header.value()).find())
        .isPresent();
  }

  private static byte[] undo(String coding, byte[] body, long maxBytes, Decoder decoder) {
    try (InputStream plain = decoder.over(new ByteArrayInputStream(body))) {
      byte[] read = plain.readNBytes(Math.toIntExact(Math.min(maxBytes, MOST_BYTES)));
      if (plain.read() >= 0) {
        throw BodyReader.tooLong(maxBytes);
      }
      return read;
    } catch (IOException e) {
      throw wrong(
          "expected it to be compressed as Content-Encoding %s says, found other bytes: %s"
              .formatted(coding, e.getMessage()));
    }
  }

  private static EngineException wrong(String sentence) {
    return new EngineException(ErrorCode.INVALID_ARGUMENT, "body: " + sentence);
  }

  /** At the level that a server can afford. */
  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out) throws IOException {
      super(out);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }
}
