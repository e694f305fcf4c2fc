package io.tidemill.cluster.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The {@code /api} of a head, over HTTP. Any thread. */
public final class ApiClient implements AutoCloseable {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final URI head;
  private final Optional<String> token;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

  /**
   * A client of {@code head}.
   *
   * @param head for example {@code http://127.0.0.1:8080}
   * @throws EngineException INVALID_ARGUMENT where that is no address
   */
  public ApiClient(String head, Optional<String> token) {
    this.head = uri(head);
    this.token = token;
  }

  /** What a path of {@code /api} says. */
  public JsonNode get(String path) {
    return parsed(send("GET", path, BodyPublishers.noBody()));
  }

  /** What a path of {@code /api} says, as it is. */
  public String text(String path) {
    return send("GET", path, BodyPublishers.noBody());
  }

  public JsonNode delete(String path) {
    return parsed(send("DELETE", path, BodyPublishers.noBody()));
  }

  /** Sends a JSON object. */
  public JsonNode post(String path, Map<String, ?> body) {
    try {
      return parsed(send("POST", path, BodyPublishers.ofByteArray(MAPPER.writeValueAsBytes(body))));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sends a file. */
  public JsonNode upload(String path, Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new EngineException(ErrorCode.NOT_FOUND, "there is no file " + file);
      }
      return parsed(send("POST", path, BodyPublishers.ofFile(file)));
    } catch (IOException e) {
      throw new EngineException(ErrorCode.INVALID_DATA, file + " cannot be read: " + e, e);
    }
  }

  @Override
  public void close() {
    http.close();
  }

  private String send(String method, String path, BodyPublisher body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(head.resolve(path)).timeout(PATIENCE).method(method, body);
    token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
    try {
      HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
      if (answer.statusCode() >= 400) {
        throw new EngineException(code(answer.statusCode()), refusal(answer));
      }
      return answer.body();
    } catch (ConnectException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "--head "
              + head
              + ": nobody listens there; start a cluster by ./tidemill up, or name another",
          e);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, "--head " + head + " does not answer: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorCode.RESOURCE, "interrupted while waiting for " + head, e);
    }
  }

  private static String refusal(HttpResponse<String> answer) {
    try {
      JsonNode error = MAPPER.readTree(answer.body()).path("error");
      if (error.isTextual()) {
        return error.textValue();
      }
    } catch (JsonProcessingException e) {
      // Somebody else than a head has answered.
    }
    return answer.uri() + " answers " + answer.statusCode();
  }

  private static ErrorCode code(int status) {
    return switch (status) {
      case 404 -> ErrorCode.NOT_FOUND;
      case 500, 502, 503, 504 -> ErrorCode.RESOURCE;
      default -> ErrorCode.INVALID_ARGUMENT;
    };
  }

  private JsonNode parsed(String body) {
    try {
      return MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, "--head " + head + " is no head: it answers no JSON", e);
    }
  }

  private static URI uri(String head) {
    try {
      URI uri = URI.create(head.contains("://") ? head : "http://" + head);
      if (uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // the sentence below says it
    }
    throw new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "--head expects an address like http://127.0.0.1:8080, found " + head);
  }
}
