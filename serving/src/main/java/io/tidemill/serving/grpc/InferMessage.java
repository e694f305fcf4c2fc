package io.tidemill.serving.grpc;

import com.google.protobuf.ByteString;
import io.tidemill.serving.call.ModelCall;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.proto.InferParameter;
import io.tidemill.serving.proto.ModelInferRequest;
import io.tidemill.serving.proto.ModelInferRequest.InferInputTensor;
import io.tidemill.serving.proto.ModelInferRequest.InferRequestedOutputTensor;
import io.tidemill.serving.proto.ModelInferResponse;
import io.tidemill.serving.protocol.JsonTree;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A {@code ModelInferRequest} that fits the model's signature, and how it is answered: in bytes
 * where it came in bytes, else in lists.
 *
 * @param inputs one for each of the signature's, in its order
 * @param outputs names of what to answer, in the order asked for; all where it names none
 */
record InferMessage(ModelInferRequest request, List<NamedTensor> inputs, Set<String> outputs)
    implements ModelCall {
  private static final String PRIORITY = "priority";
  private static final String TIMEOUT = "timeout";
  private static final long MOST_US = Long.MAX_VALUE / 1_000;

  /**
   * The request, checked.
   *
   * @throws io.tidemill.error.EngineException INVALID_ARGUMENT where it does not fit
   */
  static InferMessage read(ModelInferRequest request, CallSignature signature) {
    Map<String, NamedTensor> given = new HashMap<>();
    int raws = request.getRawInputContentsCount();
    if (raws != 0 && raws != request.getInputsCount()) {
      throw Refusals.invalid(
          "raw_input_contents: expected one for each of the %d inputs or none, found %d",
          request.getInputsCount(), raws);
    }
    for (int i = 0; i < request.getInputsCount(); i++) {
      Optional<ByteString> raw =
          raws == 0 ? Optional.empty() : Optional.of(request.getRawInputContents(i));
      NamedTensor tensor = tensor(signature, request.getInputs(i), raw);
      if (given.put(tensor.name(), tensor) != null) {
        throw Refusals.invalid(
            "input \"%s\": expected it once, found it twice", Refusals.quoted(tensor.name()));
      }
    }
    List<NamedTensor> ordered =
        signature.inputs().stream().map(spec -> given(signature, given, spec)).toList();
    checkRows(signature, ordered);
    InferMessage message = new InferMessage(request, ordered, outputs(request, signature));
    message.urgency(Urgency.NORMAL); // refuses what is out of range
    return message;
  }

  @Override
  public Urgency urgency(Urgency unlessSaid) {
    long priority = number(PRIORITY, Urgency.LAST);
    long timeoutUs = number(TIMEOUT, MOST_US);
    Urgency urgency = priority == 0 ? unlessSaid : unlessSaid.withPriority((int) priority);
    return timeoutUs == 0 ? urgency : urgency.within(timeoutUs * 1_000);
  }

  /** The answer, with all outputs of the model at hand. */
  ModelInferResponse answer(LoadedModel model, List<NamedTensor> tensors) {
    ModelInferResponse.Builder answer =
        ModelInferResponse.newBuilder()
            .setModelName(model.name())
            .setModelVersion(String.valueOf(model.version()))
            .setId(request.getId())
            .putParameters("lineage", lineage(model));
    Map<String, NamedTensor> byName =
        tensors.stream().collect(Collectors.toMap(NamedTensor::name, tensor -> tensor));
    List<NamedTensor> wanted = outputs.stream().map(byName::get).toList();
    // One form for all of them, or a client could not tell which bytes belong to which output.
    boolean isRaw =
        request.getRawInputContentsCount() > 0
            || wanted.stream().anyMatch(tensor -> !Contents.isListable(tensor.type()));
    for (NamedTensor tensor : wanted) {
      ModelInferResponse.InferOutputTensor.Builder output =
          answer
              .addOutputsBuilder()
              .setName(tensor.name())
              .setDatatype(tensor.type().protocolName())
              .addAllShape(Arrays.stream(tensor.shape().dims()).asLongStream().boxed().toList());
      if (isRaw) {
        answer.addRawOutputContents(Contents.raw(tensor));
      } else {
        output.setContents(Contents.list(tensor));
      }
    }
    return answer.build();
  }

  /** As one JSON text: parameters hold no objects. */
  private static InferParameter lineage(LoadedModel model) {
    return InferParameter.newBuilder()
        .setStringParamBytes(ByteString.copyFrom(JsonTree.write(model.lineage())))
        .build();
  }

  private static NamedTensor tensor(
      CallSignature signature, InferInputTensor input, Optional<ByteString> raw) {
    String name = input.getName();
    TensorSpec spec =
        signature
            .input(name)
            .orElseThrow(
                () ->
                    Refusals.invalid(
                        "unknown input: expected %s, found \"%s\"",
                        names(signature.inputs()), Refusals.quoted(name)));
    if (!spec.type().protocolName().equals(input.getDatatype())) {
      throw Refusals.invalid(
          "input \"%s\": expected datatype %s, found \"%s\"",
          name, spec.type().protocolName(), Refusals.quoted(input.getDatatype()));
    }
    Shape shape = shape(spec, input);
    if (raw.isEmpty()) {
      return Contents.read(spec, shape, input.getContents());
    }
    if (input.hasContents()) {
      throw Refusals.invalid(
          "input \"%s\": expected either contents or raw_input_contents, found both", name);
    }
    return Contents.read(spec, shape, raw.get());
  }

  private static Shape shape(TensorSpec spec, InferInputTensor input) {
    long[] dims = new long[Math.min(input.getShapeCount(), 64)];
    Arrays.setAll(dims, input::getShape);
    return spec.shape()
        .bind(dims)
        .orElseThrow(
            () ->
                Refusals.invalid(
                    "input \"%s\": expected shape %s, found %s",
                    spec.name(), Arrays.toString(spec.shape().dims()), Arrays.toString(dims)));
  }

  private static NamedTensor given(
      CallSignature signature, Map<String, NamedTensor> given, TensorSpec spec) {
    NamedTensor tensor = given.get(spec.name());
    if (tensor == null) {
      throw Refusals.invalid(
          "missing input: expected %s, found only %d of them and not \"%s\"",
          names(signature.inputs()), given.size(), spec.name());
    }
    return tensor;
  }

  private static void checkRows(CallSignature signature, List<NamedTensor> tensors) {
    if (!signature.isBatchable()) {
      return;
    }
    NamedTensor first = tensors.getFirst();
    for (NamedTensor tensor : tensors) {
      if (tensor.shape().dim(0) != first.shape().dim(0)) {
        throw Refusals.invalid(
            "input \"%s\": expected %d rows as input \"%s\" has, found %d",
            tensor.name(), first.shape().dim(0), first.name(), tensor.shape().dim(0));
      }
    }
  }

  private static Set<String> outputs(ModelInferRequest request, CallSignature signature) {
    Set<String> names = new LinkedHashSet<>();
    for (InferRequestedOutputTensor output : request.getOutputsList()) {
      String name = output.getName();
      if (signature.output(name).isEmpty()) {
        throw Refusals.invalid(
            "unknown output: expected %s, found \"%s\"",
            names(signature.outputs()), Refusals.quoted(name));
      }
      if (!names.add(name)) {
        throw Refusals.invalid("output \"%s\": expected it once, found it twice", name);
      }
    }
    if (names.isEmpty()) {
      signature.outputs().forEach(spec -> names.add(spec.name()));
    }
    return names;
  }

  private long number(String name, long most) {
    InferParameter parameter = request.getParametersMap().get(name);
    if (parameter == null) {
      return 0;
    }
    long value =
        switch (parameter.getParameterChoiceCase()) {
          case INT64_PARAM -> parameter.getInt64Param();
          case UINT64_PARAM -> parameter.getUint64Param();
          default -> -1;
        };
    if (value < 0 || value > most) {
      throw Refusals.invalid(
          "parameter %s: expected a number from 0 to %d, found %s",
          name, most, Refusals.quoted(parameter.toString().strip()));
    }
    return value;
  }

  private static String names(List<TensorSpec> specs) {
    return specs.stream().map(spec -> '"' + spec.name() + '"').collect(Collectors.joining(", "));
  }
}
