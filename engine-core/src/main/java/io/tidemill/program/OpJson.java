package io.tidemill.program;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Operations as JSON: the name, and each record component as an attribute.
 *
 * <p>Read off the sealed type, so that a new operation needs no code here. Attributes are numbers,
 * flags, names of a closed choice, lists of whole numbers, and the steps of {@link Op.Fused}.
 */
final class OpJson {
  private static final Map<String, Class<?>> TYPES = new TreeMap<>();

  static {
    addTypes(Op.class);
  }

  private OpJson() {}

  private static void addTypes(Class<?> type) {
    if (type.isRecord()) {
      TYPES.put(Op.nameOf(type), type);
    } else {
      for (Class<?> permitted : type.getPermittedSubclasses()) {
        addTypes(permitted);
      }
    }
  }

  static void write(Op op, ObjectNode node) {
    node.put("op", op.name());
    for (RecordComponent component : op.getClass().getRecordComponents()) {
      try {
        writeAttribute(component.getName(), component.getAccessor().invoke(op), node);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static void writeAttribute(String name, Object attribute, ObjectNode node) {
    switch (attribute) {
      case Boolean flag -> node.put(name, flag);
      case Float number -> node.put(name, number);
      case Integer number -> node.put(name, number);
      case Long number -> node.put(name, number);
      case Enum<?> choice -> node.put(name, choice.name());
      case List<?> list -> list.forEach(element -> writeElement(element, node.withArray(name)));
      default -> throw new IllegalStateException(name + " is a " + attribute.getClass());
    }
  }

  private static void writeElement(Object element, ArrayNode array) {
    switch (element) {
      case Integer number -> array.add(number);
      case Op.Fused.Step step -> {
        ObjectNode node = array.addObject();
        write(step.op(), node);
        step.operands().forEach(node.putArray("operands")::add);
      }
      default -> throw new IllegalStateException("a list of " + element.getClass());
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
    Class<?> type = component.getType();
    if (type == boolean.class && attribute.isBoolean()) {
      return attribute.booleanValue();
    }
    if (type == float.class && attribute.isNumber()) {
      return attribute.floatValue();
    }
    if (type == int.class && attribute.canConvertToInt()) {
      return attribute.intValue();
    }
    if (type == long.class && attribute.canConvertToLong()) {
      return attribute.longValue();
    }
    if (type == Op.Reduction.class && isReduction(attribute)) {
      return Op.Reduction.valueOf(attribute.textValue());
    }
    if (type == List.class && attribute.isArray()) {
      return list(attribute, component, where);
    }
    throw unexpected(node, component, where);
  }

  private static List<?> list(JsonNode array, RecordComponent component, String where) {
    List<Object> list = new ArrayList<>();
    boolean steps = component.getDeclaringRecord() == Op.Fused.class;
    for (JsonNode element : array) {
      list.add(steps ? step(element, where) : wholeNumber(element, component.getName(), where));
    }
    return list;
  }

  private static Op.Fused.Step step(JsonNode node, String where) {
    if (!(read(node, where) instanceof Op.Elementwise op)) {
      throw invalid(where + ": a fused step expects an elementwise op, found " + node.path("op"));
    }
    List<Integer> operands = new ArrayList<>();
    for (JsonNode operand : node.path("operands")) {
      operands.add(wholeNumber(operand, "operands", where));
    }
    return new Op.Fused.Step(op, operands);
  }

  private static int wholeNumber(JsonNode node, String attribute, String where) {
    if (!node.canConvertToInt()) {
      throw invalid(where + ": " + attribute + " expects whole numbers, found " + node);
    }
    return node.intValue();
  }

  private static boolean isReduction(JsonNode node) {
    return Arrays.stream(Op.Reduction.values()).anyMatch(r -> r.name().equals(node.textValue()));
  }

  private static EngineException unexpected(
      JsonNode node, RecordComponent component, String where) {
    return invalid(
        where
            + (": op " + node.path("op").asText() + " expects attribute " + component.getName())
            + (" of type " + component.getType().getSimpleName())
            + (", found " + node.path(component.getName())));
  }

  private static EngineException invalid(String sentence) {
    return new EngineException(ErrorCode.INVALID_DATA, "program is not valid: " + sentence);
  }
}
