package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.protocol.InferBody;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Decides from the headers whether a body may be JSON, with binary tensors behind it or not.
 *
 * <p>Besides JSON and no type at all (which Pekko calls {@code application/octet-stream}), what
 * {@code curl -d} and Python's {@code urllib} announce when nobody tells them otherwise is taken:
 * the body decides.
 */
final class JsonHeaders {
  private static final String CURL_DEFAULT = "application/x-www-form-urlencoded";

  private JsonHeaders() {}

  /**
   * The body of a request that was not refused, cut where its headers say that the JSON ends.
   *
   * @throws EngineException INVALID_ARGUMENT where they say something that cannot be
   */
  static InferBody cut(HttpRequest request, byte[] body) {
    Optional<String> said = value(request, InferBody.JSON_LENGTH);
    return said.isEmpty() ? InferBody.ofJson(body) : cut(body, said.get());
  }

  private static InferBody cut(byte[] body, String length) {
    try {
      int jsonBytes = Integer.parseInt(length);
      if (jsonBytes >= 0 && jsonBytes <= body.length) {
        return new InferBody(body, jsonBytes);
      }
    } catch (NumberFormatException e) {
      // It is no number that could be right either.
    }
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "%s: expected a number of bytes from 0 to %d, the length of the body, found %s"
            .formatted(InferBody.JSON_LENGTH, body.length, length));
  }

  static boolean isJson(ContentType type) {
    String subType = type.mediaType().subType();
    return type.equals(ContentTypes.APPLICATION_JSON)
        || type.equals(ContentTypes.APPLICATION_OCTET_STREAM)
        || subType.equals("json")
        || subType.endsWith("+json")
        || type.mediaType().toString().equals(CURL_DEFAULT);
  }

  private static Optional<String> value(HttpRequest request, String header) {
    return request.getHeader(header).map(HttpHeader::value);
  }
}
