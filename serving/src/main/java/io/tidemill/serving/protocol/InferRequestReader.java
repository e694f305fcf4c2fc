package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the JSON body of a V2 {@code infer} request, numbers straight into arrays.
 *
 * <p>The whole body is read and checked before anything is answered; fields that the protocol does
 * not know are skipped. Confined to one thread, used once.
 *
 * @see <a href="https://github.com/kserve/open-inference-protocol">V2 REST, "Inference"</a>
 */
public final class InferRequestReader {
  private final CallSignature signature;
  private final byte[] body;

  private Optional<String> id = Optional.empty();
  private List<NamedTensor> inputs;
  private List<TensorSpec> outputs;

  private InferRequestReader(byte[] body, CallSignature signature) {
    this.signature = signature;
    this.body = body;
  }

  /**
   * The request in {@code body}, its tensors fitting {@code signature}.
   *
   * @throws EngineException INVALID_ARGUMENT with the position where the body is not JSON, or with
   *     what was expected and found where it does not fit
   */
  public static InferRequest read(byte[] body, CallSignature signature) {
    InferRequestReader reader = new InferRequestReader(body, signature);
    try (JsonParser parser = JsonFields.parser(body, 0)) {
      return reader.readOrRefuse(parser);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private InferRequest readOrRefuse(JsonParser parser) throws IOException {
    try {
      return read(parser);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation() == null ? parser.currentLocation() : e.getLocation();
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "malformed JSON at %s: %s".formatted(position(at), reason(e)),
          e);
    }
  }

  private InferRequest read(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw BadRequest.of(
          "expected the body to be a JSON object, found %s", TokenNames.of(parser.currentToken()));
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      readField(parser);
    }
    if (parser.nextToken() != null) {
      throw BadRequest.of(
          "expected the body to end after the JSON object, found %s at %s",
          TokenNames.of(parser.currentToken()), position(parser.currentTokenLocation()));
    }
    return finish();
  }

  private void readField(JsonParser parser) throws IOException {
    String field = parser.currentName();
    parser.nextToken();
    switch (field) {
      case "id" -> id = Optional.of(JsonFields.string(parser, "id"));
      case "inputs" -> inputs = readInputs(parser);
      case "outputs" -> outputs = readOutputs(parser);
      case "parameters" -> readParameters(parser);
      default -> parser.skipChildren();
    }
  }

  private List<NamedTensor> readInputs(JsonParser parser) throws IOException {
    List<NamedTensor> tensors = new ArrayList<>();
    startArray(parser, "inputs");
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      startObject(parser, "inputs");
      NamedTensor tensor = new InputReader(signature, body).read(parser);
      if (tensors.stream().anyMatch(other -> other.name().equals(tensor.name()))) {
        throw BadRequest.of("input \"%s\": expected it once, found it twice", tensor.name());
      }
      tensors.add(tensor);
    }
    return tensors;
  }

  private List<TensorSpec> readOutputs(JsonParser parser) throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    startArray(parser, "outputs");
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      startObject(parser, "outputs");
      TensorSpec spec = readOutput(parser);
      if (specs.contains(spec)) {
        throw BadRequest.of("output \"%s\": expected it once, found it twice", spec.name());
      }
      specs.add(spec);
    }
    return specs;
  }

  private TensorSpec readOutput(JsonParser parser) throws IOException {
    String name = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "name" -> name = JsonFields.string(parser, "name of an output");
        case "parameters" -> readParameters(parser);
        default -> parser.skipChildren();
      }
    }
    if (name == null) {
      throw BadRequest.of("expected each output to have a name, found one without");
    }
    String asked = TokenNames.shorten(name);
    return signature
        .output(name)
        .orElseThrow(
            () ->
                BadRequest.of(
                    "unknown output: expected %s, found \"%s\"",
                    JsonFields.names(signature.outputs()), asked));
  }

  /** Refuses a request for binary answers: a client that gets JSON instead would misread it. */
  private static void readParameters(JsonParser parser) throws IOException {
    startObject(parser, "parameters");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      boolean isTrue = parser.nextToken() == JsonToken.VALUE_TRUE;
      if (isTrue && (key.equals("binary_data") || key.equals("binary_data_output"))) {
        throw BadRequest.of(
            "parameter %s: expected false, because tensors are answered as JSON, found true", key);
      }
      parser.skipChildren();
    }
  }

  private InferRequest finish() {
    if (inputs == null) {
      throw BadRequest.of("expected \"inputs\" in the body, found none");
    }
    List<NamedTensor> ordered = signature.inputs().stream().map(this::given).toList();
    if (signature.isBatchable()) {
      checkRows(ordered);
    }
    boolean isAll = outputs == null || outputs.isEmpty();
    return new InferRequest(id, ordered, isAll ? signature.outputs() : outputs);
  }

  private NamedTensor given(TensorSpec spec) {
    return inputs.stream()
        .filter(tensor -> tensor.name().equals(spec.name()))
        .findFirst()
        .orElseThrow(
            () ->
                BadRequest.of(
                    "missing input: expected %s, found only %d of them and not \"%s\"",
                    JsonFields.names(signature.inputs()), inputs.size(), spec.name()));
  }

  private static void checkRows(List<NamedTensor> tensors) {
    NamedTensor first = tensors.getFirst();
    for (NamedTensor tensor : tensors) {
      if (tensor.shape().dim(0) != first.shape().dim(0)) {
        throw BadRequest.of(
            "input \"%s\": expected %d rows as input \"%s\" has, found %d",
            tensor.name(), first.shape().dim(0), first.name(), tensor.shape().dim(0));
      }
    }
  }

  private static void startArray(JsonParser parser, String field) {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw BadRequest.of(
          "expected \"%s\" to be an array, found %s", field, TokenNames.of(parser.currentToken()));
    }
  }

  private static void startObject(JsonParser parser, String field) {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw BadRequest.of(
          "expected \"%s\" to hold an object, found %s",
          field, TokenNames.of(parser.currentToken()));
    }
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
