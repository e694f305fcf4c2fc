package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;

/**
 * {@code (x - mean) / sqrt(variance + epsilon) * scale + shift} for each feature, the last
 * dimension. Ioffe, Szegedy 2015.
 *
 * <p>In a training step mean and variance are those of the shard's samples, so that they do not
 * depend on the number of workers; samples that only fill the last batch do not count. Outside of
 * training they are running averages over the steps: of the batch's mean, and of the mean of the
 * shards' variances. Choose shards of 16 samples or more.
 *
 * @param features size of the last dimension
 */
public record BatchNorm(int features, float epsilon) implements Layer {
  public static BatchNorm of(int features) {
    return new BatchNorm(features, 1e-5f);
  }

  @Override
  public String kind() {
    return "batch-norm";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    tracer.expectFeatures(input, features);
    Shape vector = Shape.of(features);
    Value scale = tracer.parameter("scale", vector, new Initializer.Constant(1));
    Value shift = tracer.parameter("shift", vector, new Initializer.Constant(0));
    Value.Parameter mean = tracer.averaged("mean", vector, new Initializer.Constant(0));
    Value.Parameter variance = tracer.averaged("variance", vector, new Initializer.Constant(1));
    Value normalised =
        tracer.isTraining()
            ? ofBatch(tracer, input, mean, variance)
            : tracer.apply(new Op.NormalizeFeatures(epsilon), input, mean, variance);
    Value scaled = tracer.apply(new Op.ScaleFeatures(), normalised, scale);
    return tracer.apply(new Op.AddBias(), scaled, shift);
  }

  private Value ofBatch(
      LayerTracer tracer, Value input, Value.Parameter mean, Value.Parameter variance) {
    Value weights = tracer.weights();
    Value batchMean = tracer.apply(new Op.BatchMean(), input, weights);
    Value batchVariance = tracer.apply(new Op.BatchVariance(), input, batchMean, weights);
    tracer.average(mean, batchMean);
    tracer.average(variance, batchVariance);
    return tracer.apply(new Op.BatchNorm(epsilon), input, batchMean, batchVariance, weights);
  }
}
