package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.SignedLog1p;
import io.tidemill.network.Standardize;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BatchesTest {
  private static final Encoding<float[]> ROWS = Encoding.ofFloats(2, row -> row, _ -> 0);
  private static final float[][] SAMPLES = {
    {0, -3}, {1, 3}, {3, 100}, {1e6f, 0.5f}, {7, 2}, {15, 1}, {31, 0}
  };

  @TempDir Path folder;

  @Test
  void standardizeIsAdaptedToTheFeaturesAsTheLayersBeforeItLeaveThem() {
    Network network = Network.sequential(SignedLog1p.of(), Standardize.of(2), Dense.of(2, 1));

    float[] arena = adapted(network, 4, SAMPLES.length);

    for (int feature = 0; feature < 2; feature++) {
      double mean = 0;
      double meanOfSquares = 0;
      for (float[] sample : SAMPLES) {
        double log = Math.signum(sample[feature]) * Math.log1p(Math.abs(sample[feature]));
        mean += log / SAMPLES.length;
        meanOfSquares += log * log / SAMPLES.length;
      }
      double deviation = Math.sqrt(meanOfSquares - mean * mean);
      assertEquals(mean, at(network, arena, "standardize-1.mean", feature), 1e-5);
      assertEquals(1 / deviation, at(network, arena, "standardize-1.inverseStd", feature), 1e-5);
    }
  }

  @Test
  void standardizeThatComesFirstIsAdaptedToTheFeaturesThemselves() {
    Network network = Network.sequential(Standardize.of(2), Dense.of(2, 1));

    float[] arena = adapted(network, 4, 3);

    assertEquals((0 + 1 + 3) / 3f, at(network, arena, "standardize-1.mean", 0));
    assertEquals((-3 + 3 + 100) / 3f, at(network, arena, "standardize-1.mean", 1));
  }

  @Test
  void adaptationHasTheSameBitsHoweverTheRowsAreCut() {
    Network network = Network.sequential(SignedLog1p.of(), Standardize.of(2), Dense.of(2, 1));

    assertArrayEquals(adapted(network, 1, SAMPLES.length), adapted(network, 4, SAMPLES.length));
    assertArrayEquals(adapted(network, 1, SAMPLES.length), adapted(network, 100, SAMPLES.length));
  }

  /** A zeroed arena after adapting to the first {@code count} samples, in batches of one shard. */
  private float[] adapted(Network network, int shardRows, int count) {
    Training<float[]> training =
        Training.of(network, ROWS).loss(Loss.binaryCrossEntropy()).shards(1).globalBatch(shardRows);
    float[] arena = new float[Math.toIntExact(network.layout().floats())];
    try (SampleLog log = new SampleLog(folder.resolve("rows-" + shardRows), ROWS.rowBytes());
        Device device = Devices.open("cpu")) {
      for (float[] sample : SAMPLES) {
        new RowWriter<>(ROWS).write(sample, log.next());
        log.append();
      }
      new Batches(training, log, 1).adapt(count, device, MemorySegment.ofArray(arena));
    }
    return arena;
  }

  private static float at(Network network, float[] arena, String parameter, int feature) {
    return arena[Math.toIntExact(network.layout().entry(parameter).offset()) + feature];
  }
}
