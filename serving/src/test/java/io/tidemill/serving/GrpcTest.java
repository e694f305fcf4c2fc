package io.tidemill.serving;

import static io.tidemill.serving.Requests.GOOD;
import static io.tidemill.serving.Requests.INFER;
import static io.tidemill.serving.Requests.ROW;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.tidemill.model.ModelStore;
import io.tidemill.serving.access.AccessTokens;
import io.tidemill.serving.grpc.InferenceMethods;
import io.tidemill.serving.proto.DataType;
import io.tidemill.serving.proto.InferParameter;
import io.tidemill.serving.proto.InferTensorContents;
import io.tidemill.serving.proto.ModelConfig;
import io.tidemill.serving.proto.ModelConfigRequest;
import io.tidemill.serving.proto.ModelInferRequest;
import io.tidemill.serving.proto.ModelInferResponse;
import io.tidemill.serving.proto.ModelMetadataRequest;
import io.tidemill.serving.proto.ModelMetadataResponse;
import io.tidemill.serving.proto.ModelReadyRequest;
import io.tidemill.serving.proto.ModelStatistics;
import io.tidemill.serving.proto.ModelStatisticsRequest;
import io.tidemill.serving.proto.RepositoryIndexRequest;
import io.tidemill.serving.proto.RepositoryModelLoadRequest;
import io.tidemill.serving.proto.RepositoryModelUnloadRequest;
import io.tidemill.serving.proto.ServerLiveRequest;
import io.tidemill.serving.proto.ServerMetadataRequest;
import io.tidemill.serving.proto.ServerReadyRequest;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrpcTest {
  private static final PublishedModels SMALL = PublishedModels.small();

  @TempDir private static Path state;
  private static RunningServer running;
  private static GrpcClient client;

  @BeforeAll
  static void start() {
    SMALL.publish(ModelStore.in(state), "small", 1);
    SMALL.publish(ModelStore.in(state), "other", 3);
    ServingConfig config =
        ServingConfig.defaults().with(change -> change.grpcPort(0).maxBodyBytes(100_000));
    running = new RunningServer(state, config);
    client = new GrpcClient(running);
  }

  @AfterAll
  static void stop() {
    client.close();
    running.close();
  }

  @Test
  void answersListsWithTheBitsAndTheLineageThatHttpAnswers() throws Exception {
    JsonNode http = Answers.json(running.post(INFER, GOOD));

    ModelInferResponse answer = client.infer(GrpcClient.listed(ROW).setId("7").build());

    assertEquals("small", answer.getModelName());
    assertEquals("1", answer.getModelVersion());
    assertEquals("7", answer.getId());
    assertEquals(
        http.get("parameters").get("lineage"),
        Answers.json(answer.getParametersOrThrow("lineage").getStringParam()));
    ModelInferResponse.InferOutputTensor probabilities = output(answer, "probabilities");
    assertEquals("FP32", probabilities.getDatatype());
    assertEquals(List.of(1L, 3L), probabilities.getShapeList());
    assertArrayEquals(
        Answers.floats(http, "probabilities"),
        floats(probabilities.getContents().getFp32ContentsList()));
    assertEquals(
        Answers.output(http, "label").get("data").get(0).asLong(),
        output(answer, "label").getContents().getInt64Contents(0));
    assertEquals(0, answer.getRawOutputContentsCount());
  }

  @Test
  void answersBytesWithBytes() {
    float[][] rows = Requests.randomRows(37, 4, 5);

    ModelInferResponse answer = client.infer(GrpcClient.raw(rows).build());

    assertEquals("probabilities", answer.getOutputs(0).getName());
    assertFalse(answer.getOutputs(0).hasContents());
    assertEquals(2, answer.getRawOutputContentsCount());
    float[] probabilities = floats(answer.getRawOutputContents(0));
    assertEquals(37 * 3, probabilities.length);
    for (int i = 0; i < rows.length; i++) {
      assertArrayEquals(
          SMALL.probabilities(running.device(), 1, rows[i]),
          new float[] {probabilities[i * 3], probabilities[i * 3 + 1], probabilities[i * 3 + 2]},
          "row " + i);
    }
  }

  @Test
  void answersOnlyTheOutputsAskedForInTheirOrder() {
    ModelInferRequest.Builder request = GrpcClient.listed(ROW);
    request.addOutputsBuilder().setName("label");
    request.addOutputsBuilder().setName("probabilities");

    ModelInferResponse answer = client.infer(request.build());

    assertEquals(
        List.of("label", "probabilities"),
        answer.getOutputsList().stream().map(output -> output.getName()).toList());
  }

  @Test
  void saysWhatDoesNotFit() {
    refuses(r -> r.clearInputs(), "missing input: expected \"input\", found only 0 of them");
    refuses(r -> r.getInputsBuilder(0).setName("x"), "unknown input: expected \"input\"");
    refuses(r -> r.getInputsBuilder(0).setDatatype("FP64"), "expected datatype FP32, found");
    refuses(r -> r.getInputsBuilder(0).setShape(1, 5), "expected shape [-1, 4], found [1, 5]");
    refuses(r -> r.getInputsBuilder(0).setShape(0, -1), "expected shape [-1, 4], found [-1, 4]");
    refuses(r -> r.getInputsBuilder(0).setShape(0, Long.MAX_VALUE), "expected shape [-1, 4]");
    refuses(r -> r.getInputsBuilder(0).setShape(0, 1 << 28), "expected 1073741824 elements");
    refuses(r -> r.addInputs(r.getInputs(0)), "expected it once, found it twice");
    refuses(r -> r.addOutputsBuilder().setName("y"), "unknown output: expected");
    refuses(
        r -> r.putParameters("priority", InferParameter.newBuilder().setInt64Param(10).build()),
        "parameter priority: expected a number from 0 to 9");
    refuses(
        r -> r.putParameters("timeout", InferParameter.newBuilder().setBoolParam(true).build()),
        "parameter timeout: expected a number");
    refuses(r -> r.addRawInputContents(ByteString.copyFrom(new byte[16])), "found both");
    refuses(
        r -> r.addRawInputContents(ByteString.EMPTY).addRawInputContents(ByteString.EMPTY),
        "raw_input_contents: expected one for each of the 1 inputs or none, found 2");
    refuses(
        r -> {
          r.getInputsBuilder(0).clearContents();
          r.addRawInputContents(ByteString.copyFrom(new byte[15]));
        },
        "expected 16 bytes of raw_input_contents");
    refuses(
        r -> r.getInputsBuilder(0).setContents(InferTensorContents.newBuilder().addFp64Contents(1)),
        "expected 4 elements in fp32_contents for shape [1, 4], found 0");
  }

  @Test
  void saysThatAModelOrAVersionIsUnknown() {
    StatusRuntimeException model =
        client.refusal(GrpcClient.listed(ROW).setModelName("none").build());
    StatusRuntimeException version =
        client.refusal(GrpcClient.listed(ROW).setModelVersion("9").build());

    assertEquals(Status.Code.NOT_FOUND, model.getStatus().getCode());
    assertEquals(Status.Code.NOT_FOUND, version.getStatus().getCode());
    assertTrue(model.getStatus().getDescription().contains("unknown model"));
    assertTrue(version.getStatus().getDescription().contains("expected one of the loaded [1]"));
  }

  @Test
  void refusesAMessageLongerThanTheLimit() {
    float[][] rows = Requests.randomRows(10_000, 4, 1);

    StatusRuntimeException refusal = client.refusal(GrpcClient.raw(rows).build());

    assertEquals(Status.Code.RESOURCE_EXHAUSTED, refusal.getStatus().getCode());
  }

  @Test
  void survivesBytesThatAreNoMessage() {
    MethodDescriptor<byte[], byte[]> bytes =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(InferenceMethods.MODEL_INFER.getFullMethodName())
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();

    assertThrows(
        StatusRuntimeException.class,
        () -> client.ask(bytes, new byte[] {(byte) 0xff, 1, 2}, CallOptions.DEFAULT));

    assertEquals(1, client.infer(GrpcClient.listed(ROW).build()).getOutputs(0).getShape(0));
  }

  @Test
  void describesTheServerAndItsModels() {
    ModelMetadataResponse metadata =
        client.ask(
            InferenceMethods.MODEL_METADATA,
            ModelMetadataRequest.newBuilder().setName("small").build());
    ModelConfig config =
        client
            .ask(
                InferenceMethods.MODEL_CONFIG,
                ModelConfigRequest.newBuilder().setName("small").build())
            .getConfig();

    assertTrue(
        client.ask(InferenceMethods.SERVER_LIVE, ServerLiveRequest.getDefaultInstance()).getLive());
    assertTrue(
        client
            .ask(InferenceMethods.SERVER_READY, ServerReadyRequest.getDefaultInstance())
            .getReady());
    assertEquals(
        "tidemill",
        client
            .ask(InferenceMethods.SERVER_METADATA, ServerMetadataRequest.getDefaultInstance())
            .getName());
    assertEquals(List.of("1"), metadata.getVersionsList());
    assertEquals("tidemill", metadata.getPlatform());
    assertEquals(List.of(-1L, 4L), metadata.getInputs(0).getShapeList());
    assertEquals("INT64", metadata.getOutputs(1).getDatatype());
    assertEquals(16, config.getMaxBatchSize());
    assertEquals(List.of(4L), config.getInput(0).getDimsList());
    assertEquals(DataType.TYPE_FP32, config.getInput(0).getDataType());
    assertTrue(config.hasDynamicBatching());
  }

  @Test
  void countsWhatItAnswers() {
    ModelStatisticsRequest request = ModelStatisticsRequest.newBuilder().setName("other").build();
    client.infer(GrpcClient.raw(Requests.randomRows(3, 4, 2)).setModelName("other").build());

    ModelStatistics statistics =
        client.ask(InferenceMethods.MODEL_STATISTICS, request).getModelStats(0);

    assertEquals("1", statistics.getVersion());
    assertEquals(3, statistics.getInferenceCount());
    assertEquals(1, statistics.getInferenceStats().getSuccess().getCount());
    assertTrue(statistics.getLastInference() > 0);
    assertEquals(
        2,
        client
            .ask(InferenceMethods.MODEL_STATISTICS, ModelStatisticsRequest.getDefaultInstance())
            .getModelStatsCount());
  }

  @Test
  void loadsAndUnloadsModels(@TempDir Path own) {
    SMALL.publish(ModelStore.in(own), "small", 1);
    ServingConfig config = ServingConfig.defaults().with(change -> change.grpcPort(0));
    ModelReadyRequest ready = ModelReadyRequest.newBuilder().setName("small").build();
    RepositoryIndexRequest index = RepositoryIndexRequest.getDefaultInstance();
    try (RunningServer server = new RunningServer(own, config);
        GrpcClient other = new GrpcClient(server)) {
      assertTrue(other.ask(InferenceMethods.MODEL_READY, ready).getReady());

      other.ask(
          InferenceMethods.REPOSITORY_UNLOAD,
          RepositoryModelUnloadRequest.newBuilder().setModelName("small").build());

      assertFalse(other.ask(InferenceMethods.MODEL_READY, ready).getReady());
      assertFalse(
          other
              .ask(InferenceMethods.SERVER_READY, ServerReadyRequest.getDefaultInstance())
              .getReady());
      assertEquals(
          "unloaded", other.ask(InferenceMethods.REPOSITORY_INDEX, index).getModels(0).getReason());
      assertEquals(
          Status.Code.NOT_FOUND,
          other.refusal(GrpcClient.listed(ROW).build()).getStatus().getCode());

      other.ask(
          InferenceMethods.REPOSITORY_LOAD,
          RepositoryModelLoadRequest.newBuilder().setModelName("small").build());

      assertTrue(other.ask(InferenceMethods.MODEL_READY, ready).getReady());
      assertEquals(
          "READY", other.ask(InferenceMethods.REPOSITORY_INDEX, index).getModels(0).getState());
      assertThrows(
          StatusRuntimeException.class,
          () ->
              other.ask(
                  InferenceMethods.MODEL_READY,
                  ModelReadyRequest.newBuilder().setName("none").build()));
    }
  }

  @Test
  void wantsTheTokensThatHttpWants(@TempDir Path own) {
    SMALL.publish(ModelStore.in(own), "small", 1);
    AccessTokens tokens =
        AccessTokens.of(Map.of("TIDEMILL_TOKEN", "root", "TIDEMILL_INFER_TOKEN", "guest"));
    ServingConfig config =
        ServingConfig.defaults().with(change -> change.grpcPort(0).tokens(tokens));
    RepositoryModelUnloadRequest unload =
        RepositoryModelUnloadRequest.newBuilder().setModelName("small").build();
    try (RunningServer server = new RunningServer(own, config);
        GrpcClient nobody = new GrpcClient(server);
        GrpcClient guest = new GrpcClient(server, "guest");
        GrpcClient root = new GrpcClient(server, "root")) {
      StatusRuntimeException refusal = nobody.refusal(GrpcClient.listed(ROW).build());
      StatusRuntimeException forbidden =
          assertThrows(
              StatusRuntimeException.class,
              () -> guest.ask(InferenceMethods.REPOSITORY_UNLOAD, unload));

      assertEquals(Status.Code.UNAUTHENTICATED, refusal.getStatus().getCode());
      assertTrue(refusal.getStatus().getDescription().contains("a token is needed"));
      assertEquals(Status.Code.UNAUTHENTICATED, forbidden.getStatus().getCode());
      assertTrue(
          nobody
              .ask(InferenceMethods.SERVER_READY, ServerReadyRequest.getDefaultInstance())
              .getReady());
      assertEquals(1, guest.infer(GrpcClient.listed(ROW).build()).getOutputs(0).getShape(0));
      root.ask(InferenceMethods.REPOSITORY_UNLOAD, unload);
      assertEquals(
          Status.Code.NOT_FOUND,
          guest.refusal(GrpcClient.listed(ROW).build()).getStatus().getCode());
    }
  }

  private static void refuses(Consumer<ModelInferRequest.Builder> spoil, String part) {
    ModelInferRequest.Builder request = GrpcClient.listed(ROW);
    spoil.accept(request);

    StatusRuntimeException refusal = client.refusal(request.build());

    assertEquals(Status.Code.INVALID_ARGUMENT, refusal.getStatus().getCode(), refusal.toString());
    assertTrue(
        refusal.getStatus().getDescription().contains(part),
        "expected " + part + ", found " + refusal);
  }

  private static ModelInferResponse.InferOutputTensor output(
      ModelInferResponse answer, String name) {
    return answer.getOutputsList().stream()
        .filter(output -> output.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static float[] floats(List<Float> list) {
    float[] values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i);
    }
    return values;
  }

  private static float[] floats(ByteString raw) {
    FloatBuffer buffer = raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  /** Messages as they are on the wire. */
  private record Bytes() implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try (stream) {
        return stream.readAllBytes();
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
