package io.tidemill.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.connector.GeneratedSource;
import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.dsl.Model;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.dsl.Stream;
import io.tidemill.local.JobListener;
import io.tidemill.local.JobOptions;
import io.tidemill.local.LocalJob;
import io.tidemill.model.ModelStore;
import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.serving.http.PipelineRoutes;
import io.tidemill.state.ValueState;
import io.tidemill.train.Encoding;
import io.tidemill.train.Training;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {
  private static final int RECORDS = 600;
  private static final String SCORE = "/pipelines/payments/score";

  @TempDir private static Path state;
  private static Device device;
  private static ServingServer server;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  /** A payment. */
  public record Payment(int card, float amount, boolean fraud) {}

  /** A payment, and what its card has paid before. */
  public record Spending(float amount, float before, int payments, boolean fraud) {
    float[] row() {
      return new float[] {amount, before, payments};
    }
  }

  static final class CardHistory extends KeyedProcess<Integer, Payment, Spending> {
    private final ValueState<Float> sum = value("sum", Float.class);
    private final ValueState<Integer> count = value("count", Integer.class);

    @Override
    public void process(Integer card, Payment payment, Context<Spending> context) {
      if (payment.amount() < 0) {
        throw new IllegalArgumentException("a negative amount");
      }
      float before = sum.orElse(0f);
      int payments = count.orElse(0);
      context.emit(new Spending(payment.amount(), before, payments, payment.fraud()));
      sum.set(before + payment.amount());
      count.set(payments + 1);
    }
  }

  private static final class Payments implements PipelineDefinition {
    @Override
    public void define(Pipeline p, Params params) {
      Stream<Spending> spending =
          p.source("payments", GeneratedSource.bounded(Payment.class, Payments::payment, RECORDS))
              .keyBy("by-card", Payment::card)
              .process("card", CardHistory::new);
      Training<Spending> training =
          Training.of(
                  Network.sequential(Dense.of(3, 1)),
                  Encoding.ofFloats(3, Spending::row, s -> s.fraud() ? 1 : 0))
              .loss(Loss.binaryCrossEntropy())
              .globalBatch(64);
      Model<Spending> model = spending.train("model", training);
      model.publish("publish", "spending", List.of("fine", "fraud"));
      spending.endpoint("score", model);
    }

    static Payment payment(long index) {
      return new Payment((int) (index % 10), index % 7, index % 7 == 6);
    }
  }

  @BeforeAll
  static void runTheJobAndServeIt() {
    JobOptions options = JobOptions.of("payments", "payments", state).withThreads(2);
    LocalJob job = LocalJob.define(new Payments(), new Params(Map.of(), 1), options);
    job.run(JobListener.NONE);
    device = Devices.open("cpu");
    ServingConfig config = ServingConfig.defaults().with(change -> change.port(0));
    PipelineRoutes endpoints = new PipelineRoutes((_, name) -> job.endpoint(name));
    server = ServingServer.start(config, ModelStore.in(state), device, List.of(endpoints));
  }

  @AfterAll
  static void stop() {
    server.close();
    device.close();
  }

  @Test
  void answersARecordWithItsFeaturesAndWhatTheModelSaysOfThem() throws Exception {
    HttpResponse<String> response = post(SCORE, "{\"card\":3,\"amount\":2.5,\"fraud\":false}");

    assertEquals(200, response.statusCode(), response.body());
    JsonNode answer = Answers.json(response);
    float before = 0;
    for (int i = 3; i < RECORDS; i += 10) {
      before += Payments.payment(i).amount();
    }
    JsonNode features = answer.get("predictions").get(0).get("features");
    assertEquals(
        "{\"amount\":2.5,\"before\":" + before + ",\"payments\":60,\"fraud\":false}",
        features.toString());
    assertEquals("spending", answer.get("model_name").asText());
    assertEquals("payments", answer.get("parameters").get("lineage").get("job").asText());
    String row = "[2.5," + before + ",60]";
    JsonNode direct =
        Answers.json(
            post(
                "/v2/models/spending/infer",
                "{\"inputs\":[{\"name\":\"input\",\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":"
                    + row
                    + "}]}"));
    JsonNode outputs = answer.get("predictions").get(0).get("outputs");
    for (JsonNode output : direct.get("outputs")) {
      JsonNode said = outputs.get(output.get("name").asText());
      String flat = said.isArray() ? said.toString() : "[" + said + "]";
      assertEquals(output.get("data").toString(), flat, "bit for bit");
    }
  }

  @Test
  void answersManyRecordsInTheirOrderEachAsIfItCameNext() throws Exception {
    String one = "{\"card\":1,\"amount\":1,\"fraud\":false}";
    String two = "{\"card\":2,\"amount\":2,\"fraud\":false}";

    JsonNode answer = Answers.json(post(SCORE, "[" + one + "," + two + "," + one + "]"));

    JsonNode predictions = answer.get("predictions");
    assertEquals(3, predictions.size());
    assertEquals(1, predictions.get(0).get("features").get("amount").asInt());
    assertEquals(2, predictions.get(1).get("features").get("amount").asInt());
    assertEquals(predictions.get(0), predictions.get(2), "asking changes nothing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/score|[]|400|body: expected at least one record, found an empty array",
        "/score|7|400|expected a record as a JSON object, or an array of them",
        "/score|{\"card\":1,\"amount\":1}|400|record 0: expected the component fraud, found none",
        "/score|{\"card\":1,\"amount\":1,\"fraud\":false,\"x\":1}|400|record 0: expected the"
            + " components card, amount, fraud, found x",
        "/score|[{\"card\":1,\"amount\":1,\"fraud\":false},{\"card\":\"a\",\"amount\":1,"
            + "\"fraud\":false}]|400|record 1: card: expected int, found \"a\"",
        "/score|{\"card\":1.5,\"amount\":1,\"fraud\":false}|400|record 0: card: expected int,"
            + " found 1.5",
        "/score|{\"card\":1,\"amount\":null,\"fraud\":false}|400|record 0: amount: expected float,"
            + " found null",
        "/none|{}|404|job payments has no endpoint none; it has [score]",
      })
  void refusesInOneSentence(String path, String body, int status, String sentence)
      throws Exception {
    HttpResponse<String> refused = post("/pipelines/payments" + path, body);

    assertEquals(sentence, Answers.error(refused));
    assertEquals(status, refused.statusCode());
  }

  @Test
  void aRecordThatAnOperatorFailsAtFailsAlone() throws Exception {
    HttpResponse<String> failed = post(SCORE, "{\"card\":1,\"amount\":-1,\"fraud\":false}");

    assertEquals(422, failed.statusCode());
    assertEquals(
        "operator card failed at a record that was asked about:"
            + " java.lang.IllegalArgumentException: a negative amount",
        Answers.error(failed));
    assertEquals(200, post(SCORE, "{\"card\":1,\"amount\":1,\"fraud\":false}").statusCode());
  }

  private static HttpResponse<String> post(String path, String body) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create(server.url() + path))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }
}
