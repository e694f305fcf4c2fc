package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidemill.error.EngineException;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the body of a V2 {@code infer} request, numbers straight into arrays.
 *
 * <p>The whole body is read and checked before anything is answered; fields that the protocol does
 * not know are skipped. Confined to one thread, used once.
 *
 * @see <a href="https://github.com/kserve/open-inference-protocol">V2 REST, "Inference"</a>
 */
public final class InferRequestReader {
  private final CallSignature signature;
  private final InferBody body;
  private final BinaryTensors binary;
  private final FloatArrays arrays;

  private Optional<String> id = Optional.empty();
  private RequestParameters parameters = RequestParameters.NONE;
  private List<NamedTensor> inputs;
  private List<Asked> outputs = List.of();

  /** An output as the client names it; whether it is to be binary may be said later, for all. */
  private record Asked(TensorSpec spec, Optional<Boolean> isBinary) {}

  private InferRequestReader(InferBody body, CallSignature signature, FloatArrays arrays) {
    this.arrays = arrays;
    this.signature = signature;
    this.body = body;
    this.binary = new BinaryTensors(body);
  }

  /**
   * The request in {@code body}, its tensors fitting {@code signature}.
   *
   * @throws EngineException INVALID_ARGUMENT with the position where the body is not JSON, or with
   *     what was expected and found where it does not fit
   */
  public static InferRequest read(InferBody body, CallSignature signature) {
    if (body.jsonBytes() == 0 && body.isBinary()) {
      return onlyInput(body, signature);
    }
    return JsonFields.readOrRefuse(
        body,
        signature,
        (parser, text, arrays) -> new InferRequestReader(text, signature, arrays).read(parser));
  }

  /** All answers are binary then, as the client asks for no JSON anywhere. */
  private static InferRequest onlyInput(InferBody body, CallSignature signature) {
    if (signature.inputs().size() != 1) {
      throw BadRequest.of(
          "expected JSON before the tensors, because the model has the inputs %s; found %s: 0",
          JsonFields.names(signature.inputs()), InferBody.JSON_LENGTH);
    }
    NamedTensor input = BinaryTensors.whole(body, signature.inputs().getFirst());
    return new InferRequest(
        Optional.empty(),
        RequestParameters.NONE,
        List.of(input),
        signature.outputs().stream().map(spec -> new InferRequest.Output(spec, true)).toList());
  }

  private InferRequest read(JsonParser parser) throws IOException {
    JsonFields.startBody(parser);
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      readField(parser);
    }
    JsonFields.endBody(parser);
    return finish();
  }

  private void readField(JsonParser parser) throws IOException {
    String field = parser.currentName();
    parser.nextToken();
    switch (field) {
      case "id" -> id = Optional.of(JsonFields.string(parser, "id"));
      case "inputs" -> inputs = readInputs(parser);
      case "outputs" -> outputs = readOutputs(parser);
      case "parameters" -> {
        startObject(parser, field);
        parameters = RequestParameters.read(parser);
      }
      default -> parser.skipChildren();
    }
  }

  private List<NamedTensor> readInputs(JsonParser parser) throws IOException {
    List<NamedTensor> tensors = new ArrayList<>();
    startArray(parser, "inputs");
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      startObject(parser, "inputs");
      NamedTensor tensor = new InputReader(signature, body, binary, arrays).read(parser);
      if (tensors.stream().anyMatch(other -> other.name().equals(tensor.name()))) {
        throw BadRequest.of("input \"%s\": expected it once, found it twice", tensor.name());
      }
      tensors.add(tensor);
    }
    return tensors;
  }

  private List<Asked> readOutputs(JsonParser parser) throws IOException {
    List<Asked> all = new ArrayList<>();
    startArray(parser, "outputs");
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      startObject(parser, "outputs");
      Asked asked = readOutput(parser);
      if (all.stream().anyMatch(other -> other.spec().equals(asked.spec()))) {
        throw BadRequest.of("output \"%s\": expected it once, found it twice", asked.spec().name());
      }
      all.add(asked);
    }
    return all;
  }

  private Asked readOutput(JsonParser parser) throws IOException {
    String name = null;
    Optional<Boolean> isBinary = Optional.empty();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      parser.nextToken();
      switch (field) {
        case "name" -> name = JsonFields.string(parser, "name of an output");
        case "parameters" -> isBinary = readIsBinary(parser);
        default -> parser.skipChildren();
      }
    }
    if (name == null) {
      throw BadRequest.of("expected each output to have a name, found one without");
    }
    return new Asked(output(name), isBinary);
  }

  private TensorSpec output(String name) {
    return signature
        .output(name)
        .orElseThrow(
            () ->
                BadRequest.of(
                    "unknown output: expected %s, found \"%s\"",
                    JsonFields.names(signature.outputs()), TokenNames.shorten(name)));
  }

  private static Optional<Boolean> readIsBinary(JsonParser parser) throws IOException {
    Optional<Boolean> flag = Optional.empty();
    startObject(parser, "parameters");
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      if (name.equals("binary_data")) {
        flag = Optional.of(RequestParameters.flag(parser, name));
      } else {
        parser.skipChildren();
      }
    }
    return flag;
  }

  private InferRequest finish() {
    if (inputs == null) {
      throw BadRequest.of("expected \"inputs\" in the body, found none");
    }
    List<NamedTensor> ordered = signature.inputs().stream().map(this::given).toList();
    checkRows(signature, ordered);
    binary.checkEnd();
    List<InferRequest.Output> wanted = wanted();
    JsonFields.checkOutputs(
        wanted.stream()
            .filter(output -> !output.isBinary())
            .map(InferRequest.Output::spec)
            .toList());
    return new InferRequest(id, parameters, ordered, wanted);
  }

  private List<InferRequest.Output> wanted() {
    List<Asked> asked =
        outputs.isEmpty()
            ? signature.outputs().stream().map(spec -> new Asked(spec, Optional.empty())).toList()
            : outputs;
    return asked.stream()
        .map(
            output ->
                new InferRequest.Output(
                    output.spec(), output.isBinary().orElse(parameters.isBinaryOutput())))
        .toList();
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

  static void checkRows(CallSignature signature, List<NamedTensor> tensors) {
    if (!signature.isBatchable()) {
      return;
    }
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
}
