package io.tidemill.serving.http;

import java.util.Optional;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.Materializer;

/**
 * Decides from the headers whether a body may be JSON.
 *
 * <p>Besides JSON and no type at all (which Pekko calls {@code application/octet-stream}), what
 * {@code curl -d} and Python's {@code urllib} announce when nobody tells them otherwise is taken:
 * the body decides.
 */
final class JsonHeaders {
  private static final String CURL_DEFAULT = "application/x-www-form-urlencoded";
  private static final String BINARY_LENGTH = "Inference-Header-Content-Length";

  private final Materializer materializer;

  JsonHeaders(Materializer materializer) {
    this.materializer = materializer;
  }

  /** The answer to a request whose body cannot be read as JSON; its body is dropped. */
  Optional<HttpResponse> refuse(HttpRequest request) {
    Optional<HttpResponse> refusal = check(request);
    if (refusal.isPresent()) {
      request.discardEntityBytes(materializer);
    }
    return refusal;
  }

  private static Optional<HttpResponse> check(HttpRequest request) {
    if (!isJson(request.entity().getContentType())) {
      return refuse("Content-Type application/json", request.entity().getContentType().toString());
    }
    String encoding = value(request, "Content-Encoding").orElse("identity");
    if (!encoding.equalsIgnoreCase("identity")) {
      return refuse("no Content-Encoding", encoding);
    }
    return value(request, BINARY_LENGTH)
        .flatMap(length -> refuse("JSON tensors", "binary ones (" + BINARY_LENGTH + ")"));
  }

  private static boolean isJson(ContentType type) {
    String subType = type.mediaType().subType();
    return type.equals(ContentTypes.APPLICATION_JSON)
        || type.equals(ContentTypes.APPLICATION_OCTET_STREAM)
        || subType.equals("json")
        || subType.endsWith("+json")
        || type.mediaType().toString().equals(CURL_DEFAULT);
  }

  private static Optional<HttpResponse> refuse(String expected, String found) {
    return Optional.of(
        Replies.error(415, "body: expected %s, found %s".formatted(expected, found)));
  }

  private static Optional<String> value(HttpRequest request, String header) {
    return request.getHeader(header).map(HttpHeader::value);
  }
}
