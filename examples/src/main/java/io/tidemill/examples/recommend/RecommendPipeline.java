package io.tidemill.examples.recommend;

import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.metric.AreaUnderRoc;
import io.tidemill.network.Dense;
import io.tidemill.network.Embedding;
import io.tidemill.network.Input;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Parallelism;
import io.tidemill.network.Relu;
import io.tidemill.network.Reshape;
import io.tidemill.program.Optimizer;
import io.tidemill.train.Encoding;
import io.tidemill.train.Schedule;
import io.tidemill.train.Training;
import java.util.List;

/**
 * Which items a user will click: a vector for each user, item and hour, and a network on the three.
 *
 * <p>Learns from a {@link ClickStream} as it comes, for {@code steps} steps; measured on clicks
 * that come after. All ids share one table: users first, then items, then hours.
 */
public final class RecommendPipeline implements PipelineDefinition {
  private static final int HOURS = 24;
  private static final int WIDTH = 16;
  private static final int FIELDS = 3;
  private static final long TEST_CLICKS = 20_000;

  @Override
  public void define(Pipeline p, Params params) {
    int users = params.integer("users", 2_000, 1);
    int items = params.integer("items", 500, 1);
    int batch = params.integer("batch", 512, 1);
    long steps = params.whole("steps", 2_000, 1);
    ClickStream clicks = new ClickStream(params.seed(), users, items);
    p.source("clicks", clicks.from(0))
        .train(
            "ranker",
            Training.of(network(users + items + HOURS), encoding(users, items))
                .loss(Loss.binaryCrossEntropy())
                .optimizer(Optimizer.Adam.of((float) params.positive("rate", 4e-3)))
                .schedule(Schedule.linear())
                .globalBatch(batch)
                .shards(params.integer("shards", 8, 1))
                .parallel(Parallelism.parse(params.text("parallel", "data(1)")))
                .steps(steps))
        .evaluate(
            "test",
            p.source("test-clicks", clicks.range(steps * batch, TEST_CLICKS)),
            new AreaUnderRoc<>("aucRoc", Click::clicked))
        .publish("publish", "recommend", List.of());
  }

  private static Network network(int ids) {
    return Network.sequential(
        Input.ofIds(FIELDS),
        Embedding.of(ids, WIDTH),
        Reshape.flat(),
        Dense.of(FIELDS * WIDTH, 64).he(),
        Relu.of(),
        Dense.of(64, 32).he(),
        Relu.of(),
        Dense.of(32, 1));
  }

  private static Encoding<Click> encoding(int users, int items) {
    return Encoding.ofTokens(
        FIELDS,
        click -> new int[] {click.user(), users + click.item(), users + items + click.hour()},
        click -> click.clicked() ? 1 : 0);
  }
}
