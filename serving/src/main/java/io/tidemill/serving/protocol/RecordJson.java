package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.tidemill.error.EngineException;
import io.tidemill.storage.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Records of pipelines as JSON objects, their components by name. Any thread. */
public final class RecordJson {
  private static final ObjectMapper MAPPER =
      ((JsonMapper) Json.mapper())
          .rebuild()
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();
  private static final Pattern MISSING =
      Pattern.compile("Missing (?:required )?creator property '([^']+)'.*", Pattern.DOTALL);

  private RecordJson() {}

  /**
   * One record, or an array of them.
   *
   * @throws EngineException INVALID_ARGUMENT naming the record and its component, where one is
   *     missing, unknown or of another type
   */
  public static List<Object> read(byte[] body, Class<?> type) {
    JsonNode tree = JsonFields.readOrRefuse(InferBody.ofJson(body), MAPPER::readTree);
    List<JsonNode> nodes = new ArrayList<>();
    if (tree != null && tree.isArray()) {
      tree.forEach(nodes::add);
    } else if (tree != null && tree.isObject()) {
      nodes.add(tree);
    } else {
      throw BadRequest.of("expected a record as a JSON object, or an array of them");
    }
    List<Object> records = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      records.add(record(i, nodes.get(i), type));
    }
    return records;
  }

  static String write(Object record) throws JsonProcessingException {
    return MAPPER.writeValueAsString(record);
  }

  private static Object record(int index, JsonNode node, Class<?> type) {
    try {
      return MAPPER.treeToValue(node, type);
    } catch (MismatchedInputException e) {
      throw BadRequest.of("record %d: %s", index, sentence(e, node, type));
    } catch (JsonProcessingException e) {
      throw BadRequest.of("record %d: %s", index, e.getOriginalMessage().lines().findFirst().get());
    }
  }

  private static String sentence(MismatchedInputException e, JsonNode node, Class<?> type) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      return "expected the components %s, found %s"
          .formatted(components(type), TokenNames.shorten(unknown.getPropertyName()));
    }
    Matcher missing = MISSING.matcher(e.getOriginalMessage());
    if (missing.matches()) {
      return "expected the component %s, found none".formatted(missing.group(1));
    }
    return "%s: expected %s, found %s"
        .formatted(
            path(e.getPath()),
            e.getTargetType() == null ? "another type" : e.getTargetType().getSimpleName(),
            TokenNames.shorten(found(node, e.getPath())));
  }

  private static String components(Class<?> type) {
    return type.isRecord()
        ? Arrays.stream(type.getRecordComponents())
            .map(component -> component.getName())
            .collect(Collectors.joining(", "))
        : "of " + type.getSimpleName();
  }

  private static String path(List<Reference> path) {
    return path.stream()
        .map(
            step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : step.getFieldName())
        .collect(Collectors.joining("."));
  }

  private static String found(JsonNode node, List<Reference> path) {
    JsonNode at = node;
    for (Reference step : path) {
      at = step.getFieldName() == null ? at.path(step.getIndex()) : at.path(step.getFieldName());
    }
    return at.isMissingNode() ? "none" : at.toString();
  }
}
