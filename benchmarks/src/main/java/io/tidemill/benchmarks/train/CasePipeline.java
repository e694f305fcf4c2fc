package io.tidemill.benchmarks.train;

import io.tidemill.connector.GeneratedSource;
import io.tidemill.dsl.Params;
import io.tidemill.dsl.Pipeline;
import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.train.Training;
import java.util.function.LongFunction;

/**
 * A few batches of random rows, read again and again without end: the row of an index, and how they
 * are trained on.
 */
public record CasePipeline<T>(Class<T> type, LongFunction<T> row, Training<T> training)
    implements PipelineDefinition {
  /** Distinct batches, as in {@code peers/cases.py}. */
  private static final int BATCHES = 8;

  /** More than any window sees. */
  private static final long STEPS = 1_000_000_000L;

  /** The training of a case of {@code bench train}: {@code mlp}, {@code cnn} or {@code gpt}. */
  public static CasePipeline<?> of(String caseName) {
    return TrainCase.named(caseName).pipeline().get();
  }

  /** The same with so many times the batch, in so many times the shards: each is as large. */
  public CasePipeline<T> times(int factor) {
    return cutInto(factor * training.globalBatch(), factor * training.shards());
  }

  /** The same with another batch and other shards. */
  CasePipeline<T> cutInto(int batch, int shards) {
    return new CasePipeline<>(type, row, training.globalBatch(batch).shards(shards));
  }

  @Override
  public void define(Pipeline p, Params params) {
    p.source("rows", GeneratedSource.bounded(type, row, (long) BATCHES * training.globalBatch()))
        .train("network", training.steps(STEPS));
  }
}
