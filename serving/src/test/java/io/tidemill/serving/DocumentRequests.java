package io.tidemill.serving;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;

/**
 * Makes requests of an OpenAPI document: most are what it allows, some are spoilt. The same ones
 * for the same seed.
 */
final class DocumentRequests {
  private static final int DEEPEST = 4;
  private static final List<String> NAMES =
      List.of("small", "small", "fleeting", "none", "1", "9", "-1", "x%20y", "%E2%82%AC", "a.b");
  private static final List<String> TEXTS =
      List.of(
          "input", "input", "probabilities", "label", "", "FP32", "\\u0000", "€", "x".repeat(200));
  private static final List<String> NUMBERS =
      List.of(
          "0",
          "1",
          "4",
          "0.5",
          "-1",
          "1e9",
          "1e400",
          "9223372036854775807",
          "123456789012345678901");

  private final JsonNode document;
  private final Random random;

  DocumentRequests(JsonNode document, Random random) {
    this.document = document;
    this.random = random;
  }

  /** The path with something in place of its named parts. */
  String path(String pattern) {
    String path = pattern;
    while (path.contains("{")) {
      int from = path.indexOf('{');
      path = path.substring(0, from) + any(NAMES) + path.substring(path.indexOf('}') + 1);
    }
    return path;
  }

  /** A body for an operation; empty where it takes none. */
  String body(JsonNode operation) {
    JsonNode schema = operation.at("/requestBody/content/application~1json/schema");
    if (schema.isMissingNode() || random.nextInt(10) == 0) {
      return "";
    }
    if (schema.path("$ref").asText().endsWith("/InferRequest") && random.nextInt(4) == 0) {
      return Requests.GOOD; // so that some are answered
    }
    String body = value(schema, 0);
    boolean isSpoilt = random.nextInt(10) == 0 && !body.isEmpty();
    return isSpoilt ? body.substring(0, random.nextInt(body.length())) + any(TEXTS) : body;
  }

  private String value(JsonNode schema, int depth) {
    if (schema.has("$ref")) {
      return value(document.at(schema.get("$ref").asText().substring(1)), depth);
    }
    if (random.nextInt(20) == 0) {
      return any(List.of("null", "true", "[]", "{}", "\"\"", any(NUMBERS)));
    }
    if (schema.has("enum")) {
      return "\""
          + schema.get("enum").get(random.nextInt(schema.get("enum").size())).asText()
          + "\"";
    }
    return switch (type(schema)) {
      case "object" -> object(schema, depth);
      case "array" -> array(schema, depth);
      case "boolean" -> String.valueOf(random.nextBoolean());
      case "string" -> "\"" + any(TEXTS) + "\"";
      case "integer" -> any(List.of("0", "1", "4", "9", any(NUMBERS)));
      default -> any(NUMBERS);
    };
  }

  private String type(JsonNode schema) {
    JsonNode type = schema.path("type");
    return type.isArray() ? type.get(random.nextInt(type.size())).asText() : type.asText("number");
  }

  private String object(JsonNode schema, int depth) {
    StringJoiner fields = new StringJoiner(",", "{", "}");
    List<String> required = new ArrayList<>();
    schema.path("required").forEach(name -> required.add(name.asText()));
    for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
      boolean isThere = required.contains(property.getKey()) || random.nextBoolean();
      if (isThere && depth < DEEPEST) {
        fields.add("\"" + property.getKey() + "\":" + value(property.getValue(), depth + 1));
      }
    }
    return fields.toString();
  }

  private String array(JsonNode schema, int depth) {
    StringJoiner elements = new StringJoiner(",", "[", "]");
    for (int left = random.nextInt(5); left > 0 && depth < DEEPEST; left--) {
      elements.add(schema.has("items") ? value(schema.get("items"), depth + 1) : any(NUMBERS));
    }
    return elements.toString();
  }

  private String any(List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}
