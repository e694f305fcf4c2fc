package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
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
          .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
          .build();

  private JsonFields() {}

  static JsonParser parser(InferBody body, int offset) throws IOException {
    return FACTORY.createParser(body.bytes(), offset, body.jsonBytes() - offset);
  }

  static JsonGenerator generator(OutputStream out) throws IOException {
    return FACTORY.createGenerator(out);
  }

  /** Reads a body. */
  @FunctionalInterface
  interface Reader<T> {
    T read(JsonParser parser) throws IOException;
  }

  /**
   * What a reader makes of the JSON of a body.
   *
   * @throws EngineException INVALID_ARGUMENT with the position where it is not JSON, or not UTF-8
   */
  static <T> T readOrRefuse(InferBody body, Reader<T> reader) {
    Utf8.check(body.bytes(), body.jsonBytes());
    try (JsonParser parser = parser(body, 0)) {
      return readOrRefuse(parser, reader);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a text that arrays may have been cut out of. */
  @FunctionalInterface
  interface ArrayReader<T> {
    T read(JsonParser parser, InferBody text, FloatArrays arrays) throws IOException;
  }

  /**
   * As above, by way of {@link FloatArrays} where that goes; where it does not, the whole text is
   * read by the parser, which says what is wrong with it if anything is.
   */
  static <T> T readOrRefuse(InferBody body, CallSignature signature, ArrayReader<T> reader) {
    FloatArrays arrays = FloatArrays.cutFrom(body, signature);
    if (!arrays.isEmpty()) {
      InferBody rest = arrays.rest();
      try {
        T read = readOrRefuse(rest, parser -> reader.read(parser, rest, arrays));
        if (arrays.areAllTaken()) {
          return read;
        }
      } catch (EngineException e) {
        // The sentence has to be about what the client sent.
      }
    }
    return readOrRefuse(body, parser -> reader.read(parser, body, FloatArrays.NONE));
  }

  private static <T> T readOrRefuse(JsonParser parser, Reader<T> reader) throws IOException {
    try {
      return reader.read(parser);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation() == null ? parser.currentLocation() : e.getLocation();
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "malformed JSON at %s: %s".formatted(position(at), reason(e)),
          e);
    } catch (IOException e) {
      // There is no file and no network here: the parser cannot make sense of the bytes.
      throw new EngineException(ErrorCode.INVALID_ARGUMENT, "malformed JSON: " + e.getMessage(), e);
    }
  }

  /** Steps into the object that a body is. */
  static void startBody(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw BadRequest.of(
          "expected the body to be a JSON object, found %s", TokenNames.of(parser.currentToken()));
    }
  }

  /** Refuses what stands behind that object. */
  static void endBody(JsonParser parser) throws IOException {
    if (parser.nextToken() != null) {
      throw BadRequest.of(
          "expected the body to end after the JSON object, found %s at %s",
          TokenNames.of(parser.currentToken()), position(parser.currentTokenLocation()));
    }
  }

  /** The string that {@code parser} stands on. */
  static String string(JsonParser parser, String what) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw BadRequest.of(
          "expected the %s to be a string, found %s", what, TokenNames.of(parser.currentToken()));
    }
    return parser.getText();
  }

  /** Refuses to answer in JSON what it has no form for. */
  static void checkOutputs(List<TensorSpec> asJson) {
    for (TensorSpec output : asJson) {
      if (output.type() == DataType.BFLOAT16) {
        throw BadRequest.of(
            "output \"%s\": expected it to be asked for as binary_data, because BF16 has no form in"
                + " JSON",
            output.name());
      }
    }
  }

  static String names(List<TensorSpec> specs) {
    return specs.stream().map(spec -> '"' + spec.name() + '"').collect(Collectors.joining(", "));
  }

  /** Jackson's reason without what only its own users understand, in one line. */
  private static String reason(JsonProcessingException e) {
    return e.getOriginalMessage()
        .replaceAll(" \\((?:start marker|for \\w+ starting) at .*", "")
        .replaceAll(", from `[^`]*`", "")
        .replaceAll("\\p{Cntrl}+", " ")
        .strip();
  }

  private static String position(JsonLocation location) {
    return "line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
  }
}
