package io.tidemill.program;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Programs as text, for {@code program.json} of a model version.
 *
 * <p>Instructions name the values that they read and write, so the file can be read by people. What
 * is read is checked whole; an error says where and what was expected. The version is raised when a
 * reader of the older form would misunderstand.
 */
public final class ProgramJson {
  private static final String FORMAT = "tidemill.program";
  private static final int VERSION = 2;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ProgramJson() {}

  public static String write(Program program) {
    ObjectNode root = JSON.createObjectNode().put("format", FORMAT).put("version", VERSION);
    ArrayNode values = root.putArray("values");
    program.values().forEach(value -> writeValue(value, values.addObject()));
    ArrayNode instructions = root.putArray("instructions");
    for (Instruction instruction : program.instructions()) {
      ObjectNode node = instructions.addObject();
      OpJson.write(instruction.op(), node);
      ArrayNode inputs = node.putArray("inputs");
      instruction.inputs().forEach(id -> inputs.add(program.value(id).name()));
      node.put("output", program.value(instruction.output()).name());
      node.put("layer", instruction.layer());
      if (instruction.place() > 0) {
        node.put("place", instruction.place());
      }
    }
    writeNames(program, program.outputs(), root.putObject("outputs"));
    writeNames(program, program.gradients(), root.putObject("gradients"));
    try {
      return JSON.writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  public static Program read(String json) {
    JsonNode root = parse(json);
    if (!root.path("format").asText().equals(FORMAT) || root.path("version").asInt() != VERSION) {
      throw invalid(
          "expected format=%s version=%d, found format=%s version=%s"
              .formatted(FORMAT, VERSION, root.path("format").asText(), root.path("version")));
    }
    List<Value> values = new ArrayList<>();
    Map<String, Integer> ids = new HashMap<>();
    for (JsonNode node : array(root, "values")) {
      Value value = readValue(node, values.size());
      values.add(value);
      ids.put(value.name(), value.id());
    }
    List<Instruction> instructions = new ArrayList<>();
    for (JsonNode node : array(root, "instructions")) {
      instructions.add(readInstruction(node, ids, "instruction " + instructions.size()));
    }
    return new Program(
        values,
        instructions,
        readNames(root.path("outputs"), ids, "outputs"),
        readNames(root.path("gradients"), ids, "gradients"));
  }

  private static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "program is not valid: not JSON at line %d column %d: %s"
              .formatted(
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr(),
                  e.getOriginalMessage()),
          e);
    }
  }

  private static void writeValue(Value value, ObjectNode node) {
    node.put("name", value.name());
    switch (value) {
      case Value.Input _ -> node.put("kind", "input");
      case Value.Parameter parameter ->
          node.put("kind", "parameter").put("role", parameter.role().name());
      case Value.Constant constant -> node.put("kind", "constant").put("fill", constant.fill());
      case Value.Computed _ -> node.put("kind", "computed");
    }
    node.put("type", value.type().name());
    ArrayNode shape = node.putArray("shape");
    for (int dim : value.shape().dims()) {
      if (dim == Shape.ANY) {
        shape.add("*");
      } else {
        shape.add(dim);
      }
    }
  }

  private static Value readValue(JsonNode node, int id) {
    String name = text(node, "name", "value " + id);
    Shape shape = readShape(node, name);
    DataType type = readType(node, name);
    String kind = text(node, "kind", name);
    return switch (kind) {
      case "input" -> new Value.Input(id, name, type, shape);
      case "computed" -> new Value.Computed(id, name, type, shape);
      case "parameter" -> {
        require(type == DataType.FLOAT32 && node.path("role").isTextual(), name, kind, node);
        yield new Value.Parameter(id, name, shape, readRole(node, name));
      }
      case "constant" -> {
        require(type == DataType.FLOAT32 && node.path("fill").isNumber(), name, kind, node);
        yield new Value.Constant(id, name, shape, node.path("fill").floatValue());
      }
      default ->
          throw invalid(
              name + ": kind " + kind + ", expected input, parameter, constant or computed");
    };
  }

  private static void require(boolean holds, String name, String kind, JsonNode node) {
    if (!holds) {
      throw invalid(
          "%s: expected a %s of type FLOAT32 with %s, found %s"
              .formatted(name, kind, kind.equals("constant") ? "fill" : "role", node));
    }
  }

  private static Shape readShape(JsonNode node, String where) {
    JsonNode array = array(node, "shape");
    int[] dims = new int[array.size()];
    for (int i = 0; i < dims.length; i++) {
      JsonNode dim = array.get(i);
      boolean any = i == 0 && dim.asText().equals("*");
      if (!any && !(dim.canConvertToInt() && dim.intValue() >= 0)) {
        throw invalid(where + ": dimension " + i + " is " + dim + ", expected 0 or more");
      }
      dims[i] = any ? Shape.ANY : dim.intValue();
    }
    return Shape.of(dims);
  }

  private static DataType readType(JsonNode node, String where) {
    String type = text(node, "type", where);
    for (DataType known : DataType.values()) {
      if (known.name().equals(type)) {
        return known;
      }
    }
    throw invalid(where + ": type " + type + ", expected one of " + List.of(DataType.values()));
  }

  private static ParameterRole readRole(JsonNode node, String where) {
    String role = text(node, "role", where);
    for (ParameterRole known : ParameterRole.values()) {
      if (known.name().equals(role)) {
        return known;
      }
    }
    throw invalid(
        where + ": role " + role + ", expected one of " + List.of(ParameterRole.values()));
  }

  private static Instruction readInstruction(
      JsonNode node, Map<String, Integer> ids, String where) {
    List<Integer> inputs = new ArrayList<>();
    for (JsonNode input : array(node, "inputs")) {
      inputs.add(id(input.asText(), ids, where));
    }
    return new Instruction(
        OpJson.read(node, where),
        inputs,
        id(text(node, "output", where), ids, where),
        text(node, "layer", where),
        node.path("place").asInt());
  }

  private static void writeNames(Program program, Map<String, Integer> names, ObjectNode node) {
    names.forEach((name, id) -> node.put(name, program.value(id).name()));
  }

  private static Map<String, Integer> readNames(
      JsonNode node, Map<String, Integer> ids, String where) {
    Map<String, Integer> names = new LinkedHashMap<>();
    node.properties()
        .forEach(entry -> names.put(entry.getKey(), id(entry.getValue().asText(), ids, where)));
    return names;
  }

  private static int id(String name, Map<String, Integer> ids, String where) {
    Integer id = ids.get(name);
    if (id == null) {
      throw invalid(where + ": no value is named \"" + name + "\"");
    }
    return id;
  }

  private static String text(JsonNode node, String field, String where) {
    if (!node.path(field).isTextual()) {
      throw invalid(where + ": expected a string \"" + field + "\", found " + node.path(field));
    }
    return node.path(field).textValue();
  }

  private static JsonNode array(JsonNode node, String field) {
    if (!node.path(field).isArray()) {
      throw invalid("expected an array \"" + field + "\", found " + node.path(field));
    }
    return node.path(field);
  }

  private static EngineException invalid(String sentence) {
    return new EngineException(ErrorCode.INVALID_DATA, "program is not valid: " + sentence);
  }
}
