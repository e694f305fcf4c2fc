package io.tidemill.model;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import io.tidemill.storage.Json;
import io.tidemill.tensor.Shape;
import java.io.IOException;
import java.io.Serial;

/** Shapes in JSON: arrays of dimensions, -1 for an open one. */
final class ShapeJson {
  private ShapeJson() {}

  static ObjectMapper mapper() {
    return Json.mapper(
        new SimpleModule("shapes")
            .addSerializer(new Writer())
            .addDeserializer(Shape.class, new Reader())
            .addDeserializer(Lineage.class, new LineageReader()));
  }

  private static final class Writer extends StdSerializer<Shape> {
    @Serial private static final long serialVersionUID = 1L;

    Writer() {
      super(Shape.class);
    }

    @Override
    public void serialize(Shape shape, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      int[] dims = shape.dims();
      out.writeArray(dims, 0, dims.length);
    }
  }

  private static final class Reader extends StdDeserializer<Shape> {
    @Serial private static final long serialVersionUID = 1L;

    Reader() {
      super(Shape.class);
    }

    @Override
    public Shape deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return Shape.of(context.readValue(in, int[].class));
    }
  }
}
