package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON as maps, lists, texts, numbers, flags and null, for small documents; tensors never are.
 *
 * <p>Numbers are read as {@code Long} or {@code Double}. Any thread.
 */
public final class JsonTree {
  private JsonTree() {}

  /** The document; what is none of the known kinds is written as its text. */
  public static byte[] write(Object tree) {
    ByteArrayBuilder bytes = new ByteArrayBuilder(512);
    try (JsonGenerator json = JsonFields.generator(bytes)) {
      write(json, tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * The object that a body is; an empty body is an empty one.
   *
   * @throws io.tidemill.error.EngineException INVALID_ARGUMENT where it is something else
   */
  public static Map<String, Object> readObject(byte[] body) {
    if (body.length == 0) {
      return Map.of();
    }
    return JsonFields.readOrRefuse(
        InferBody.ofJson(body),
        parser -> {
          JsonFields.startBody(parser);
          Map<String, Object> object = object(parser);
          JsonFields.endBody(parser);
          return object;
        });
  }

  static void write(JsonGenerator json, Object value) throws IOException {
    switch (value) {
      case null -> json.writeNull();
      case Map<?, ?> object -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : object.entrySet()) {
          json.writeFieldName(String.valueOf(entry.getKey()));
          write(json, entry.getValue());
        }
        json.writeEndObject();
      }
      case Iterable<?> list -> {
        json.writeStartArray();
        for (Object element : list) {
          write(json, element);
        }
        json.writeEndArray();
      }
      case Long number -> json.writeNumber(number);
      case Integer number -> json.writeNumber(number);
      case Double number -> json.writeNumber(number);
      case Boolean flag -> json.writeBoolean(flag);
      default -> json.writeString(value.toString());
    }
  }

  private static Map<String, Object> object(JsonParser parser) throws IOException {
    Map<String, Object> object = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      object.put(name, value(parser));
    }
    return object;
  }

  private static List<Object> list(JsonParser parser) throws IOException {
    List<Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      list.add(value(parser));
    }
    return list;
  }

  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> list(parser);
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }
}
