package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.stream.Collectors;

/** The one JSON factory, limited against hostile bodies, and what the readers share. */
final class JsonFields {
  private static final int MAX_NESTING = 64;
  private static final int MAX_NUMBER_LENGTH = 400;
  private static final int MAX_NAME_LENGTH = 1_000;

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_NESTING)
                  .maxNumberLength(MAX_NUMBER_LENGTH)
                  .maxNameLength(MAX_NAME_LENGTH)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .build();

  private JsonFields() {}

  static JsonParser parser(InferBody body, int offset) throws IOException {
    return FACTORY.createParser(body.bytes(), offset, body.jsonBytes() - offset);
  }

  static JsonGenerator generator(OutputStream out) throws IOException {
    return FACTORY.createGenerator(out);
  }

  /** The string that {@code parser} stands on. */
  static String string(JsonParser parser, String what) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw BadRequest.of(
          "expected the %s to be a string, found %s", what, TokenNames.of(parser.currentToken()));
    }
    return parser.getText();
  }

  static String names(List<TensorSpec> specs) {
    return specs.stream().map(spec -> '"' + spec.name() + '"').collect(Collectors.joining(", "));
  }
}
