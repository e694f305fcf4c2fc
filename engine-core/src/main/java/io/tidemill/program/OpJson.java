package io.tidemill.program;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Operations as JSON: the name, and each record component as an attribute.
 *
 * <p>Read off the sealed type, so that a new operation needs no code here.
 */
final class OpJson {
  private static final Map<String, Class<?>> TYPES = new TreeMap<>();

  static {
    for (Class<?> type : Op.class.getPermittedSubclasses()) {
      TYPES.put(Op.nameOf(type), type);
    }
  }

  private OpJson() {}

  static void write(Op op, ObjectNode node) {
    node.put("op", op.name());
    for (RecordComponent component : op.getClass().getRecordComponents()) {
      try {
        switch (component.getAccessor().invoke(op)) {
          case Boolean flag -> node.put(component.getName(), flag);
          case Float number -> node.put(component.getName(), number);
          case Object other -> throw new IllegalStateException(op + " has attribute " + other);
        }
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  static Op read(JsonNode node, String where) {
    String name = node.path("op").asText();
    Class<?> type = TYPES.get(name);
    if (type == null) {
      throw invalid(where + ": unknown op \"" + name + "\", known are " + TYPES.keySet());
    }
    RecordComponent[] components = type.getRecordComponents();
    Object[] attributes =
        Arrays.stream(components).map(component -> attribute(node, component, where)).toArray();
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return (Op) type.getDeclaredConstructor(types).newInstance(attributes);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object attribute(JsonNode node, RecordComponent component, String where) {
    JsonNode attribute = node.path(component.getName());
    if (component.getType() == boolean.class && attribute.isBoolean()) {
      return attribute.booleanValue();
    }
    if (component.getType() == float.class && attribute.isNumber()) {
      return attribute.floatValue();
    }
    throw invalid(
        where
            + (": op " + node.path("op").asText() + " expects attribute " + component.getName())
            + (" of type " + component.getType() + ", found " + attribute));
  }

  private static EngineException invalid(String sentence) {
    return new EngineException(ErrorCode.INVALID_DATA, "program is not valid: " + sentence);
  }
}
