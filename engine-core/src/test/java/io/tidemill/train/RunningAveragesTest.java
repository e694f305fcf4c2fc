package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.network.BatchNorm;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.program.ParameterLayout;
import io.tidemill.tensor.SafeTensors;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a batch norm keeps of 5 steps of 8 rows, against PyTorch: src/test/python/layers.py. */
final class RunningAveragesTest {
  private static final int FEATURES = 3;
  private static final int BATCH = 8;
  private static final int STEPS = 5;

  /** Of the first variance, 1, that is left after 5 steps at momentum 0.9. */
  private static final double LEFT = Math.pow(0.9, STEPS);

  @TempDir Path folder;

  @Test
  void areThoseOfPyTorch() throws URISyntaxException {
    float[] mean;
    float[] variance;
    List<float[]> rows = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      SafeTensors fixture = SafeTensors.copy(fixture(), arena);
      float[] numbers = numbers(fixture, "rows");
      for (int i = 0; i < numbers.length; i += FEATURES) {
        rows.add(Arrays.copyOfRange(numbers, i, i + FEATURES));
      }
      mean = numbers(fixture, "mean");
      variance = numbers(fixture, "variance");
    }

    float[] trained = trained(rows, 1);

    for (int feature = 0; feature < FEATURES; feature++) {
      assertEquals(mean[feature], trained[offset("mean") + feature], 2e-6, "mean " + feature);
      // PyTorch divides the variance that it keeps by n - 1; the engine, as both do to normalise,
      // by n.
      double byN = LEFT + (variance[feature] - LEFT) * (BATCH - 1) / BATCH;
      assertEquals(byN, trained[offset("variance") + feature], 2e-5, "variance " + feature);
    }
  }

  /** The mean of all rows, whoever has them; of the variances, the mean of the shards'. */
  @Test
  void countEachShardOfAStep() {
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      rows.add(new float[] {i < BATCH / 2 ? 1 : 5, i % 2 == 0 ? 1 : 3, 0});
    }

    float[] trained = trained(rows, 2);

    assertEquals(0.3f, trained[offset("mean")], 1e-6f);
    assertEquals(0.2f, trained[offset("mean") + 1], 1e-6f);
    assertEquals(0.9f, trained[offset("variance")], 1e-6f, "4 between the shards is not seen");
    assertEquals(0.9f + 0.1f, trained[offset("variance") + 1], 1e-6f);
    assertEquals(0.9f, trained[offset("variance") + 2], 1e-6f);
  }

  private static Training<float[]> training(int shards) {
    return Training.of(
            Network.sequential(BatchNorm.of(FEATURES), Dense.of(FEATURES, 2)),
            Encoding.<float[]>ofFloats(FEATURES, row -> row, _ -> 0))
        .globalBatch(BATCH)
        .shards(shards);
  }

  private float[] trained(List<float[]> rows, int shards) {
    try (Device device = Devices.open("cpu");
        TinyTraining training =
            new TinyTraining(training(shards), rows, 1, device, folder, 1, _ -> false)) {
      training.workToTheEnd();
      return training.parameters();
    }
  }

  private static int offset(String parameter) {
    ParameterLayout layout = training(1).network().layout();
    return (int) layout.entry("batch-norm-1." + parameter).offset();
  }

  private static float[] numbers(SafeTensors file, String name) {
    return file.tensor(name).data().toArray(ValueLayout.JAVA_FLOAT);
  }

  private static Path fixture() throws URISyntaxException {
    String name = "/fixtures/batch-norm-running.safetensors";
    return Path.of(RunningAveragesTest.class.getResource(name).toURI());
  }
}
