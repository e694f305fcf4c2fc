package io.tidemill.examples.fraud;

import io.tidemill.connector.Source;
import io.tidemill.dsl.Model;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.dsl.Stream;
import io.tidemill.metric.AreaUnderRoc;
import io.tidemill.metric.AveragePrecision;
import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.network.SignedLog1p;
import io.tidemill.network.Standardize;
import io.tidemill.program.Optimizer;
import io.tidemill.train.Encoding;
import io.tidemill.train.Schedule;
import io.tidemill.train.Training;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Card fraud: transactions, fifteen features over event-time windows, a binary classifier.
 *
 * <p>{@code data=FILE.csv[.gz]} is in the format of the Fraud Detection Handbook; without it
 * transactions of {@code days} days are drawn. A week trains, a week passes until its labels are
 * known, a week tests: that of the Handbook for a file ({@code protocol=handbook}), the last three
 * of what is drawn ({@code protocol=recent}). {@code features=FILE} writes the features.
 */
public final class FraudPipeline implements PipelineDefinition {
  private static final int FEATURES = Features.COLUMNS.size();

  @Override
  public void define(Pipeline p, Params params) {
    Optional<Path> data = params.path("data");
    int days = params.integer("days", 60, 30);
    TransactionGenerator generator = new TransactionGenerator(params.seed(), days);
    Source<Transaction> source = data.map(Transaction::csv).orElse(generator);
    FraudProtocol protocol = protocol(data, generator, params);

    Stream<Features> features =
        p.source("transactions", source)
            .eventTime(t -> Instant.ofEpochSecond(t.epochSecond()), Duration.ZERO)
            .keyBy("by-card", Transaction::customer)
            .process("card-features", () -> new CardFeatures(protocol))
            .keyBy("by-terminal", CardTransaction::terminal)
            .process("terminal-risk", TerminalRisk::new);
    params.path("features").ifPresent(file -> features.sink("features", Features.csv(file)));
    Model<Features> model =
        features
            .filter("training-week", example -> protocol.trains(example.transaction()))
            .train("classifier", training(params));
    model
        .evaluate(
            "test",
            features.filter("test-week", protocol::tests),
            new AreaUnderRoc<>("aucRoc", Features::isFraud),
            new AveragePrecision<>("averagePrecision", Features::isFraud),
            new CardPrecision(100))
        .publish("publish", "fraud", List.of("legitimate", "fraud"));
    features.endpoint("fraud-score", model);
  }

  private static Training<Features> training(Params params) {
    Network network =
        Network.sequential(
            SignedLog1p.of(),
            Standardize.of(FEATURES),
            Dense.of(FEATURES, 64),
            Relu.of(),
            Dense.of(64, 1));
    return Training.of(network, Encoding.ofFloats(FEATURES, Features::row, Features::label))
        .loss(Loss.binaryCrossEntropy())
        .optimizer(Optimizer.Adam.of((float) params.positive("rate", 7e-3)))
        .schedule(Schedule.linear())
        .globalBatch(params.integer("batch", 512, 1))
        .shards(params.integer("shards", 8, 1))
        .epochs(params.integer("epochs", 20, 1))
        .shuffle();
  }

  private static FraudProtocol protocol(
      Optional<Path> data, TransactionGenerator generator, Params params) {
    String name =
        data.isPresent()
            ? params.choice("protocol", "handbook")
            : params.choice("protocol", "recent");
    return name.equals("handbook")
        ? FraudProtocol.handbook()
        : FraudProtocol.endingBefore(generator.endDay());
  }
}
