package io.tidemill.model;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.storage.Json;
import java.io.IOException;
import java.io.Serial;

/** Reads a lineage; one of {@code model.json} 1.0 has no event time. */
final class LineageReader extends StdDeserializer<Lineage> {
  @Serial private static final long serialVersionUID = 1L;
  private static final ObjectMapper STRICT = Json.mapper();

  LineageReader() {
    super(Lineage.class);
  }

  @Override
  public Lineage deserialize(JsonParser in, DeserializationContext context) throws IOException {
    ObjectNode fields = (ObjectNode) context.readTree(in);
    if (!fields.has("eventTime")) {
      fields.put("eventTime", Lineage.NO_EVENT_TIME);
    }
    DeserializationFeature unknown = DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES;
    return context.isEnabled(unknown)
        ? STRICT.readerFor(Lineage.class).with(unknown).readValue(fields)
        : STRICT.readerFor(Lineage.class).without(unknown).readValue(fields);
  }
}
