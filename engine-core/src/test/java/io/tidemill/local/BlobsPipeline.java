package io.tidemill.local;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.dsl.Stream;
import io.tidemill.metric.Accuracy;
import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Relu;
import io.tidemill.network.SignedLog1p;
import io.tidemill.network.Standardize;
import io.tidemill.operator.KeyedProcess;
import io.tidemill.program.Optimizer;
import io.tidemill.state.ListState;
import io.tidemill.state.ValueState;
import io.tidemill.train.Encoding;
import io.tidemill.train.Training;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A small pipeline that uses everything: two keyed steps, timers, training, evaluation, publishing.
 */
public final class BlobsPipeline implements PipelineDefinition {
  /** A reading of a device. */
  public record Reading(long second, int device, int group, float x, float y) {}

  /** A reading with what its device did before. */
  public record Enriched(long second, int group, float x, float y, float mean, long timers) {
    float[] row() {
      return new float[] {x, y, mean};
    }
  }

  static final class RunningMean extends KeyedProcess<Integer, Reading, Enriched> {
    private final ListState<Float> recent = list("recent", Float.class);
    private final ValueState<Long> timers = value("timers", Long.class);

    @Override
    public void process(Integer device, Reading reading, Context<Enriched> context) {
      recent.add(reading.x());
      if (recent.size() > 5) {
        recent.removeFirst();
      }
      float sum = 0;
      for (int i = 0; i < recent.size(); i++) {
        sum += recent.get(i);
      }
      context.registerTimer(context.timeMs() + 7_000);
      context.emit(
          new Enriched(
              reading.second(),
              reading.group(),
              reading.x(),
              reading.y(),
              sum / recent.size(),
              timers.orElse(0L)));
    }

    @Override
    public void onTimer(Integer device, long timeMs, Context<Enriched> context) {
      timers.set(timers.orElse(0L) + 1);
    }
  }

  @Override
  public void define(Pipeline p, Params params) {
    int records = params.integer("records", 2000, 1);
    Stream<Reading> readings =
        p.source(
                "readings",
                GeneratedSource.bounded(Reading.class, BlobsPipeline::reading, records)
                    .withSplits(3))
            .eventTime(r -> Instant.ofEpochSecond(r.second()), Duration.ofSeconds(2));
    Stream<Enriched> enriched =
        readings.keyBy("by-device", Reading::device).process("mean", RunningMean::new);
    Network network =
        Network.sequential(
            SignedLog1p.of(), Standardize.of(3), Dense.of(3, 16), Relu.of(), Dense.of(16, 3));
    enriched
        .filter("training-half", e -> e.second() % 4 != 0)
        .train(
            "blobs",
            Training.of(network, Encoding.ofFloats(3, Enriched::row, Enriched::group))
                .loss(Loss.softmaxCrossEntropy())
                .optimizer(Optimizer.Adam.of(1e-2f))
                .globalBatch(64)
                .shards(8)
                .epochs(params.integer("epochs", 4, 1))
                .shuffle())
        .evaluate(
            "test",
            enriched.filter("test-half", e -> e.second() % 4 == 0),
            new Accuracy<>("testAccuracy", Enriched::group))
        .publish("blobs-model", "blobs", List.of("a", "b", "c"));
  }

  /** Pure function of the index; up to two seconds out of order. */
  static Reading reading(long index) {
    long h = index * 0x9e3779b97f4a7c15L;
    h ^= h >>> 31;
    h *= 0xbf58476d1ce4e5b9L;
    h ^= h >>> 29;
    int group = (int) Math.floorMod(h, 3L);
    float noiseX = ((h >>> 20 & 1023) - 512) / 400f;
    float noiseY = ((h >>> 40 & 1023) - 512) / 400f;
    long second = index / 3 + (h >>> 50 & 1);
    return new Reading(
        second,
        (int) Math.floorMod(h >>> 8, 17L),
        group,
        3 * (group - 1) + noiseX,
        (group == 1 ? 3 : 0) + noiseY);
  }
}
