package io.tidemill.serving.openapi;

import io.tidemill.serving.protocol.JsonTree;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * An OpenAPI 3.1 document, made of the operations that a server really has.
 *
 * <p>What each takes and answers stands in {@code operations.json} by the name of its route, what
 * bodies look like in {@code schemas.json}. An operation that is not described there is in the
 * document all the same, without bodies.
 *
 * @see <a href="https://spec.openapis.org/oas/v3.1.0">OpenAPI 3.1.0</a>
 */
public final class OpenApi {
  private static final String JSON = "application/json";
  private static final String SCHEMA = "#/components/schemas/";

  private final Map<String, Object> descriptions = resource("operations.json");
  private final Map<String, Object> schemas = resource("schemas.json");

  /**
   * The document, to be written as JSON; of operations on one path with one method the first
   * counts, as in routing.
   */
  public Map<String, Object> document(String serverVersion, List<Operation> operations) {
    Map<String, Map<String, Object>> paths = new LinkedHashMap<>();
    for (Operation operation : operations) {
      paths
          .computeIfAbsent(operation.path(), _ -> new LinkedHashMap<>())
          .putIfAbsent(operation.method().toLowerCase(Locale.ROOT), describe(operation));
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("openapi", "3.1.0");
    document.put("info", ordered("title", "tidemill", "version", serverVersion));
    document.put("paths", paths);
    Map<String, Object> bearer = ordered("type", "http", "scheme", "bearer");
    document.put(
        "components", ordered("schemas", schemas, "securitySchemes", Map.of("token", bearer)));
    return document;
  }

  private Map<String, Object> describe(Operation operation) {
    Map<?, ?> described = (Map<?, ?>) descriptions.getOrDefault(operation.name(), Map.of());
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("operationId", operation.id());
    if (described.get("summary") instanceof String summary) {
      document.put("summary", summary);
    }
    document.put("parameters", operation.parameters().stream().map(OpenApi::parameter).toList());
    if (described.get("body") instanceof String body) {
      document.put("requestBody", Map.of("content", content(JSON, body)));
    }
    if (operation.wantsToken()) {
      document.put("security", List.of(Map.of(), Map.of("token", List.of())));
    }
    document.put("responses", responses(operation, described));
    return document;
  }

  private static Map<String, Object> responses(Operation operation, Map<?, ?> described) {
    List<Object> statuses = new ArrayList<>();
    if (described.get("statuses") instanceof List<?> list) {
      statuses.addAll(list);
    }
    Map<String, Object> responses = new LinkedHashMap<>();
    for (Object status : statuses) {
      boolean isGood = Long.valueOf(200).equals(status);
      responses.put(String.valueOf(status), isGood ? good(described) : error(status));
    }
    if (operation.wantsToken()) {
      responses.put("401", error(401));
    }
    responses.put("429", error(429));
    if (statuses.isEmpty()) {
      responses.put("default", Map.of("description", "see the guide"));
    }
    return responses;
  }

  private static Map<String, Object> good(Map<?, ?> described) {
    Map<String, Object> good = new LinkedHashMap<>();
    good.put("description", "done");
    if (described.get("answer") instanceof String schema) {
      good.put("content", content(JSON, schema));
    } else if (described.get("answerType") instanceof String type) {
      good.put("content", Map.of(type, Map.of("schema", Map.of("type", "string"))));
    }
    return good;
  }

  private static Map<String, Object> error(Object status) {
    String meaning =
        switch (String.valueOf(status)) {
          case "400" -> "the request is not as it has to be";
          case "401" -> "a token is needed";
          case "404" -> "there is no such model, version or endpoint";
          case "408" -> "the body did not arrive in time";
          case "413" -> "the body is too long, or has too many rows";
          case "415" -> "the body is not JSON, or in an unknown encoding";
          case "422" -> "it was understood and cannot be done";
          case "429" -> "too many requests";
          case "503" -> "not now; Retry-After says when";
          default -> "refused";
        };
    return ordered("description", meaning, "content", content(JSON, "Error"));
  }

  private static Map<String, Object> parameter(String name) {
    Map<String, Object> parameter = new LinkedHashMap<>();
    parameter.put("name", name);
    parameter.put("in", "path");
    parameter.put("required", true);
    parameter.put("schema", Map.of("type", "string"));
    return parameter;
  }

  /** The same document at every start. */
  private static Map<String, Object> ordered(
      String first, Object value, String second, Object secondValue) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(first, value);
    map.put(second, secondValue);
    return map;
  }

  private static Map<String, Object> content(String type, String schema) {
    return Map.of(type, Map.of("schema", Map.of("$ref", SCHEMA + schema)));
  }

  private static Map<String, Object> resource(String name) {
    try (InputStream in = OpenApi.class.getResourceAsStream(name)) {
      return JsonTree.readObject(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
