package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidemill.error.EngineException;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the body of a V1 {@code :predict} request: {@code instances}, an array of rows, each the
 * value of the only input or an object of inputs; or {@code inputs}, the value of the only input or
 * an object of inputs, with rows inside. Fields that are not known are skipped.
 *
 * <p>Confined to one thread, used once.
 *
 * @see <a href="https://www.tensorflow.org/tfx/serving/api_rest#predict_api">TensorFlow Serving,
 *     "Predict API"</a>
 */
public final class PredictRequestReader {
  private static final String INSTANCES = "instances";
  private static final String INPUTS = "inputs";

  private final CallSignature signature;

  /** In the order of the signature. */
  private final Map<String, DataReader> data = new LinkedHashMap<>();

  private Optional<String> format = Optional.empty();

  private PredictRequestReader(CallSignature signature, FloatArrays arrays) {
    this.signature = signature;
    for (TensorSpec spec : signature.inputs()) {
      String name = spec.name();
      data.put(name, new DataReader(where(name), spec.type(), 64, arrays, 0));
    }
  }

  /**
   * A request that fits the signature, for all outputs.
   *
   * @param inputs one for each of the signature's, in its order
   * @param isByRow whether it came as instances, and is answered as predictions
   */
  public record PredictRequest(List<NamedTensor> inputs, boolean isByRow) {}

  /**
   * The request in a body.
   *
   * @throws EngineException INVALID_ARGUMENT as {@link InferRequestReader#read}
   */
  public static PredictRequest read(InferBody body, CallSignature signature) {
    new BinaryTensors(body).checkEnd();
    return JsonFields.readOrRefuse(
        body,
        signature,
        (parser, _, arrays) -> new PredictRequestReader(signature, arrays).read(parser));
  }

  private PredictRequest read(JsonParser parser) throws IOException {
    JsonFields.startBody(parser);
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case INSTANCES -> {
          choose(field);
          readInstances(parser);
        }
        case INPUTS -> {
          choose(field);
          readInputs(parser);
        }
        default -> parser.skipChildren();
      }
    }
    JsonFields.endBody(parser);
    String chosen =
        format.orElseThrow(
            () -> BadRequest.of("expected \"instances\" or \"inputs\" in the body, found neither"));
    JsonFields.checkOutputs(signature.outputs());
    List<NamedTensor> inputs = signature.inputs().stream().map(this::tensor).toList();
    InferRequestReader.checkRows(signature, inputs);
    return new PredictRequest(inputs, chosen.equals(INSTANCES));
  }

  private void choose(String field) {
    if (format.isPresent()) {
      throw BadRequest.of("expected either \"instances\" or \"inputs\", found both");
    }
    format = Optional.of(field);
  }

  private void readInstances(JsonParser parser) throws IOException {
    if (!signature.isBatchable()) {
      throw BadRequest.of(
          "expected \"inputs\", because the model has no rows; found \"instances\"");
    }
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw BadRequest.of(
          "expected \"instances\" to be an array, found %s", TokenNames.of(parser.currentToken()));
    }
    data.values().forEach(DataReader::begin);
    for (int row = 0; parser.nextToken() != JsonToken.END_ARRAY; row++) {
      if (parser.currentToken() == JsonToken.START_OBJECT) {
        readInstance(parser, row);
      } else {
        onlyInput("instance " + row).readElement(parser);
      }
    }
    data.values().forEach(DataReader::end);
  }

  private void readInstance(JsonParser parser, int row) throws IOException {
    int seen = 0;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      DataReader reader = reader(parser.currentName());
      parser.nextToken();
      reader.readElement(parser);
      seen++;
    }
    if (seen != data.size()) {
      throw BadRequest.of(
          "instance %d: expected the inputs %s, found %d of them",
          row, JsonFields.names(signature.inputs()), seen);
    }
  }

  private void readInputs(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      onlyInput("\"inputs\"").read(parser);
      return;
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      DataReader reader = reader(parser.currentName());
      parser.nextToken();
      reader.read(parser);
    }
  }

  private DataReader onlyInput(String what) {
    if (data.size() != 1) {
      throw BadRequest.of(
          "%s: expected an object, because the model has the inputs %s; found something else",
          what, JsonFields.names(signature.inputs()));
    }
    return data.values().iterator().next();
  }

  private DataReader reader(String name) {
    DataReader reader = data.get(name);
    if (reader == null) {
      throw BadRequest.of(
          "unknown input: expected %s, found %s",
          JsonFields.names(signature.inputs()), where(name));
    }
    return reader;
  }

  private NamedTensor tensor(TensorSpec spec) {
    DataReader reader = data.get(spec.name());
    long[] found = Arrays.stream(reader.nestedDims()).asLongStream().toArray();
    Shape shape =
        spec.shape()
            .bind(found)
            .filter(bound -> bound.rank() > 0)
            .orElseThrow(
                () ->
                    BadRequest.of(
                        "%s: expected values nested as %s, found them nested as %s",
                        where(spec.name()),
                        Arrays.toString(spec.shape().dims()),
                        Arrays.toString(found)));
    return new NamedTensor(spec.name(), spec.type(), shape, reader.segment());
  }

  private static String where(String name) {
    return "input \"" + TokenNames.shorten(name) + "\"";
  }
}
