package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** Writes the bodies of V2 answers. */
public final class ProtocolWriter {
  /** Writes one body; the generator is opened and closed around it. */
  @FunctionalInterface
  private interface Body {
    void writeTo(JsonGenerator json) throws IOException;
  }

  /** What of Triton's protocol is understood beyond KServe's. */
  public static final List<String> EXTENSIONS =
      List.of("binary_tensor_data", "model_repository", "model_configuration", "statistics");

  private ProtocolWriter() {}

  /**
   * The answer to {@code request}.
   *
   * @param outputs all outputs of the model; the ones asked for are picked
   */
  public static InferBody response(
      AnswerHead head, InferRequest request, List<NamedTensor> outputs) {
    byte[] answer =
        write(
            json -> {
              head.writeModel(json);
              if (request.id().isPresent()) {
                json.writeStringField("id", request.id().get());
              }
              head.writeParameters(json);
              json.writeArrayFieldStart("outputs");
              for (InferRequest.Output output : request.outputs()) {
                writeTensor(json, named(outputs, output.spec().name()), output.isBinary());
              }
              json.writeEndArray();
            });
    return withTensors(answer, request, outputs);
  }

  /** The tensors that were asked for as bytes, behind the JSON. */
  private static InferBody withTensors(
      byte[] json, InferRequest request, List<NamedTensor> outputs) {
    List<MemorySegment> binary =
        request.outputs().stream()
            .filter(InferRequest.Output::isBinary)
            .map(output -> named(outputs, output.spec().name()).data())
            .toList();
    if (binary.isEmpty()) {
      return InferBody.ofJson(json);
    }
    long tensorBytes = binary.stream().mapToLong(MemorySegment::byteSize).sum();
    byte[] whole = Arrays.copyOf(json, Math.toIntExact(json.length + tensorBytes));
    MemorySegment to = MemorySegment.ofArray(whole);
    long at = json.length;
    for (MemorySegment data : binary) {
      MemorySegment.copy(data, 0, to, at, data.byteSize());
      at += data.byteSize();
    }
    return new InferBody(whole, json.length);
  }

  /**
   * The answer to a V1 request: {@code predictions} by row, or {@code outputs} by tensor; behind it
   * who answered, which V1 does not know of and its clients skip.
   */
  public static byte[] predictions(AnswerHead head, boolean isByRow, List<NamedTensor> outputs) {
    return write(
        json -> {
          if (isByRow) {
            json.writeArrayFieldStart("predictions");
            for (int row = 0; row < outputs.getFirst().shape().dim(0); row++) {
              writeRow(json, outputs, row);
            }
            json.writeEndArray();
          } else {
            json.writeFieldName("outputs");
            writeColumns(json, outputs);
          }
          head.writeModel(json);
          head.writeParameters(json);
        });
  }

  /**
   * The answer of a record endpoint: for each record its features, and the outputs by name.
   *
   * @param features one for each record, in their order
   * @param outputs all outputs of the model, a row for each record
   */
  public static byte[] predictions(
      AnswerHead head, List<Object> features, List<NamedTensor> outputs) {
    return write(
        json -> {
          head.writeModel(json);
          head.writeParameters(json);
          json.writeArrayFieldStart("predictions");
          for (int row = 0; row < features.size(); row++) {
            json.writeStartObject();
            json.writeFieldName("features");
            json.writeRawValue(RecordJson.write(features.get(row)));
            json.writeObjectFieldStart("outputs");
            for (NamedTensor output : outputs) {
              json.writeFieldName(output.name());
              writeNested(json, output, 1, row);
            }
            json.writeEndObject();
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  private static void writeRow(JsonGenerator json, List<NamedTensor> outputs, int row)
      throws IOException {
    if (outputs.size() == 1) {
      writeNested(json, outputs.getFirst(), 1, row);
      return;
    }
    json.writeStartObject();
    for (NamedTensor output : outputs) {
      json.writeFieldName(output.name());
      writeNested(json, output, 1, row);
    }
    json.writeEndObject();
  }

  private static void writeColumns(JsonGenerator json, List<NamedTensor> outputs)
      throws IOException {
    if (outputs.size() == 1) {
      writeNested(json, outputs.getFirst(), 0, 0);
      return;
    }
    json.writeStartObject();
    for (NamedTensor output : outputs) {
      json.writeFieldName(output.name());
      writeNested(json, output, 0, 0);
    }
    json.writeEndObject();
  }

  /** The part of a tensor that {@code index} names in its first {@code depth} dimensions. */
  private static void writeNested(JsonGenerator json, NamedTensor tensor, int depth, long index)
      throws IOException {
    if (depth == tensor.shape().rank()) {
      ElementWriter.write(json, tensor, index);
      return;
    }
    int length = tensor.shape().dim(depth);
    json.writeStartArray();
    for (int i = 0; i < length; i++) {
      writeNested(json, tensor, depth + 1, index * length + i);
    }
    json.writeEndArray();
  }

  /** The names of the models, as KServe's V1 lists them. */
  public static byte[] modelNames(List<String> models) {
    return write(
        json -> {
          json.writeArrayFieldStart("models");
          for (String model : models) {
            json.writeString(model);
          }
          json.writeEndArray();
        });
  }

  /** The metadata of a model; an open dimension is -1. */
  public static byte[] modelMetadata(
      String model, String platform, List<String> versions, CallSignature signature) {
    return write(
        json -> {
          json.writeStringField("name", model);
          json.writeArrayFieldStart("versions");
          for (String version : versions) {
            json.writeString(version);
          }
          json.writeEndArray();
          json.writeStringField("platform", platform);
          writeSpecs(json, "inputs", signature.inputs());
          writeSpecs(json, "outputs", signature.outputs());
        });
  }

  /** The metadata of the server. */
  public static byte[] serverMetadata(String name, String version) {
    return write(
        json -> {
          json.writeStringField("name", name);
          json.writeStringField("version", version);
          json.writeArrayFieldStart("extensions");
          for (String extension : EXTENSIONS) {
            json.writeString(extension);
          }
          json.writeEndArray();
        });
  }

  /** {@code {"name": …, "ready": …}}. */
  public static byte[] modelReady(String model, boolean isReady) {
    return write(
        json -> {
          json.writeStringField("name", model);
          json.writeBooleanField("ready", isReady);
        });
  }

  /** An object of one boolean, such as {@code {"live":true}}. */
  public static byte[] flag(String name, boolean value) {
    return write(json -> json.writeBooleanField(name, value));
  }

  /** {@code {"error": …}}. */
  public static byte[] error(String sentence) {
    return write(json -> json.writeStringField("error", sentence));
  }

  private static byte[] write(Body body) {
    ByteArrayBuilder bytes = new ByteArrayBuilder(512);
    try (JsonGenerator json = JsonFields.generator(bytes)) {
      json.writeStartObject();
      body.writeTo(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void writeSpecs(JsonGenerator json, String name, List<TensorSpec> specs)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (TensorSpec spec : specs) {
      json.writeStartObject();
      writeSpec(json, spec.name(), spec.type(), spec.shape().dims());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static void writeSpec(JsonGenerator json, String name, DataType type, int[] dims)
      throws IOException {
    json.writeStringField("name", name);
    json.writeStringField("datatype", type.protocolName());
    json.writeFieldName("shape");
    json.writeArray(dims, 0, dims.length);
  }

  private static void writeTensor(JsonGenerator json, NamedTensor tensor, boolean isBinary)
      throws IOException {
    json.writeStartObject();
    writeSpec(json, tensor.name(), tensor.type(), tensor.shape().dims());
    if (isBinary) {
      json.writeObjectFieldStart("parameters");
      json.writeNumberField("binary_data_size", tensor.data().byteSize());
      json.writeEndObject();
    } else {
      writeData(json, tensor);
    }
    json.writeEndObject();
  }

  private static void writeData(JsonGenerator json, NamedTensor tensor) throws IOException {
    json.writeArrayFieldStart("data");
    long elements = tensor.shape().elements();
    for (long i = 0; i < elements; i++) {
      ElementWriter.write(json, tensor, i);
    }
    json.writeEndArray();
  }

  private static NamedTensor named(List<NamedTensor> tensors, String name) {
    return tensors.stream().filter(tensor -> tensor.name().equals(name)).findFirst().orElseThrow();
  }
}
