package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads one object of a request's {@code inputs} and checks it against the signature.
 *
 * <p>JSON fields come in any order. Where {@code data} comes before the name and datatype that say
 * how to read it, its position is kept and it is read when the object has ended.
 */
final class InputReader {
  private static final int UNREAD = -1;

  private final CallSignature signature;
  private final InferBody body;
  private final BinaryTensors binary;
  private final FloatArrays arrays;

  private String name;
  private String datatype;
  private long[] shape;
  private DataReader data;
  private long dataOffset = UNREAD;
  private long binarySize = UNREAD;

  /**
   * @param binary where the input is taken from if its elements are not in the JSON
   * @param arrays where they are taken from if they were cut out of it
   */
  InputReader(CallSignature signature, InferBody body, BinaryTensors binary, FloatArrays arrays) {
    this.arrays = arrays;
    this.signature = signature;
    this.body = body;
    this.binary = binary;
  }

  /** Reads the object whose opening brace {@code parser} stands on. */
  NamedTensor read(JsonParser parser) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "name" -> name = JsonFields.string(parser, "name of an input");
        case "datatype" -> datatype = JsonFields.string(parser, "datatype of an input");
        case "shape" -> shape = readShape(parser);
        case "data" -> takeData(parser);
        case "parameters" -> readParameters(parser);
        default -> parser.skipChildren();
      }
    }
    return finish();
  }

  private void takeData(JsonParser parser) throws IOException {
    if (name != null && datatype != null) {
      data = readData(parser, 0);
      return;
    }
    dataOffset = parser.currentTokenLocation().getByteOffset();
    parser.skipChildren();
  }

  private NamedTensor finish() throws IOException {
    TensorSpec spec = spec();
    if (shape == null) {
      throw BadRequest.of("%s: expected a shape, found none", where());
    }
    Shape bound = bind(spec);
    if (binarySize != UNREAD) {
      checkNoData();
      return binary.take(where(), spec, bound, binarySize);
    }
    if (data == null) {
      data = readKeptData();
    }
    checkCount(bound);
    return new NamedTensor(name, spec.type(), bound, data.segment());
  }

  private void readParameters(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw BadRequest.of(
          "%s: expected parameters to be an object, found %s",
          where(), TokenNames.of(parser.currentToken()));
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean isSize = parser.currentName().equals("binary_data_size");
      parser.nextToken();
      if (isSize) {
        binarySize = nonNegative(parser, "binary_data_size to be a number of bytes");
      }
      parser.skipChildren();
    }
  }

  private void checkNoData() {
    if (data != null || dataOffset != UNREAD) {
      throw BadRequest.of("%s: expected either data or binary_data_size, found both", where());
    }
  }

  private DataReader readKeptData() throws IOException {
    if (dataOffset == UNREAD) {
      throw BadRequest.of("%s: expected data or binary_data_size, found none", where());
    }
    int offset = Math.toIntExact(dataOffset);
    try (JsonParser parser = JsonFields.parser(body, offset)) {
      parser.nextToken();
      return readData(parser, offset);
    }
  }

  private DataReader readData(JsonParser parser, int textOffset) throws IOException {
    TensorSpec spec = spec();
    // Two bytes a number at least ("1,"), so a lying shape cannot make us allocate.
    long most = body.jsonBytes() / 2 + 1L;
    long expected = shape == null ? 64 : bind(spec).elements();
    int capacity = (int) Math.min(expected, most);
    DataReader reader = new DataReader(where(), spec.type(), capacity, arrays, textOffset);
    reader.read(parser);
    return reader;
  }

  private TensorSpec spec() {
    if (name == null) {
      throw BadRequest.of("expected each input to have a name, found one without");
    }
    TensorSpec spec =
        signature
            .input(name)
            .orElseThrow(
                () ->
                    BadRequest.of(
                        "unknown input: expected %s, found %s",
                        JsonFields.names(signature.inputs()), where()));
    if (!spec.type().protocolName().equals(datatype)) {
      throw BadRequest.of(
          "%s: expected datatype %s, found %s",
          where(),
          spec.type().protocolName(),
          datatype == null ? "none" : TokenNames.shorten(datatype));
    }
    return spec;
  }

  private Shape bind(TensorSpec spec) {
    return spec.shape()
        .bind(shape)
        .orElseThrow(
            () ->
                BadRequest.of(
                    "%s: expected shape %s, found %s",
                    where(), Arrays.toString(spec.shape().dims()), Arrays.toString(shape)));
  }

  private void checkCount(Shape bound) {
    if (data.count() != bound.elements()) {
      throw BadRequest.of(
          "%s: expected %d elements for shape %s, found %d",
          where(), bound.elements(), bound, data.count());
    }
    if (!data.isFlat() && !Arrays.equals(data.nestedDims(), bound.dims())) {
      throw BadRequest.of(
          "%s: expected flat data or data nested as %s, found it nested as %s",
          where(), bound, Arrays.toString(data.nestedDims()));
    }
  }

  private long[] readShape(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw BadRequest.of(
          "%s: expected shape to be an array of integers, found %s",
          where(), TokenNames.of(parser.currentToken()));
    }
    long[] dims = new long[DataReader.MAX_DEPTH];
    int rank = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (rank == dims.length) {
        throw BadRequest.of(
            "%s: expected at most %d dimensions, found more", where(), DataReader.MAX_DEPTH);
      }
      dims[rank++] = nonNegative(parser, "shape to be an array of non-negative integers");
    }
    return Arrays.copyOf(dims, rank);
  }

  private long nonNegative(JsonParser parser, String expected) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
        || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
        || parser.getLongValue() < 0) {
      throw BadRequest.of(
          "%s: expected %s, found %s",
          where(), expected, TokenNames.shorten(String.valueOf(parser.getText())));
    }
    return parser.getLongValue();
  }

  private String where() {
    return name == null ? "an input" : "input \"" + TokenNames.shorten(name) + "\"";
  }
}
