package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Devices;
import io.tidemill.network.BatchNorm;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.network.Standardize;
import io.tidemill.program.Optimizer;
import io.tidemill.program.ParameterLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Each parameter moves by its role; all stand at 1, and each of two shards gives 2 everywhere. */
final class SliceTest {
  private static final Network NETWORK =
      Network.sequential(Standardize.of(3), Dense.of(3, 5), BatchNorm.of(5));
  private static final Training<float[]> TRAINING =
      Training.of(NETWORK, Encoding.<float[]>ofFloats(3, row -> row, _ -> 0))
          .optimizer(Optimizer.Sgd.of(0.5f))
          .globalBatch(8)
          .shards(2);

  @Test
  void trainedParametersFollowTheGradientAndAveragedOnesTheirStatistic() {
    float[] moved = updated(TRAINING, 1);

    assertAll(1, moved, "standardize-1.mean");
    assertAll(1, moved, "standardize-1.inverseStd");
    assertAll(1 - 0.5f * 4, moved, "dense-1.weight");
    assertAll(1 - 0.5f * 4, moved, "batch-norm-1.scale");
    assertAll(Math.fma(1, 0.9f, 4 * (1 - 0.9f)), moved, "batch-norm-1.mean");
    assertAll(Math.fma(1, 0.9f, 4 * (1 - 0.9f)), moved, "batch-norm-1.variance");
  }

  @Test
  void statisticsAreNeitherClippedNorCountedInTheNorm() {
    float[] moved = updated(TRAINING.clipNorm(1), 0.25f);

    assertAll(1 - 0.5f * 0.25f * 4, moved, "dense-1.bias");
    assertAll(Math.fma(1, 0.9f, 4 * (1 - 0.9f)), moved, "batch-norm-1.mean");
    try (Device device = Devices.open("cpu");
        Gang gang = new Gang(TRAINING, device, 1)) {
      Slice slice = filled(gang);
      TouchedRows touched = gang.touched(0);
      for (int chunk = 0; chunk < slice.chunks(); chunk++) {
        slice.sum(chunk, touched);
        slice.square(chunk, touched);
      }
      int trained = 15 + 5 + 5 + 5;
      assertEquals(4 * Math.sqrt(trained), gang.norm(), 1e-12);
    }
  }

  @Test
  void goesBackToParametersAndMomentsThatItRemembered() {
    Training<float[]> training =
        TRAINING.onNonFinite(NonFinite.ROLL_BACK).optimizer(Optimizer.Sgd.of(0.5f, 0.9f));
    try (Device device = Devices.open("cpu");
        Gang gang = new Gang(training, device, 1)) {
      Slice slice = filled(gang);
      update(slice, training, 1);
      float[] parameters = read(gang.parameters());
      float[] velocity = read(slice.moments().getFirst());
      slice.remember();
      update(slice, training, 1);

      for (int chunk = 0; chunk < slice.chunks(); chunk++) {
        slice.goBack(chunk);
      }

      assertArrayEquals(parameters, read(gang.parameters()));
      assertArrayEquals(velocity, read(slice.moments().getFirst()));
    }
  }

  private static float[] updated(Training<float[]> training, float scale) {
    try (Device device = Devices.open("cpu");
        Gang gang = new Gang(training, device, 1)) {
      Slice slice = filled(gang);
      update(slice, training, scale);
      return read(gang.parameters());
    }
  }

  private static void update(Slice slice, Training<?> training, float scale) {
    Optimizer optimizer = training.optimizer();
    TouchedRows touched = new TouchedRows(NETWORK.layout());
    for (int chunk = 0; chunk < slice.chunks(); chunk++) {
      if (training.needsNorm()) {
        slice.sum(chunk, touched);
      }
      slice.update(chunk, touched, new Slice.Update(optimizer, optimizer.withoutDecay(), 1, scale));
    }
  }

  /** Padding stays 0, as programs leave it. */
  private static Slice filled(Gang gang) {
    for (ParameterLayout.Entry entry : NETWORK.layout().entries()) {
      int floats = (int) entry.floats();
      gang.parameters().write(entry.offset(), all(1, floats));
      gang.gradientOf(0).write(entry.offset(), all(2, floats));
      gang.gradientOf(1).write(entry.offset(), all(2, floats));
    }
    return new Slice(gang, 0);
  }

  private static MemorySegment all(float number, int floats) {
    float[] numbers = new float[floats];
    Arrays.fill(numbers, number);
    return MemorySegment.ofArray(numbers);
  }

  private static void assertAll(float expected, float[] arena, String parameter) {
    ParameterLayout.Entry entry = NETWORK.layout().entry(parameter);
    int from = (int) entry.offset();
    int floats = (int) entry.floats();
    assertArrayEquals(
        all(expected, floats).toArray(ValueLayout.JAVA_FLOAT),
        Arrays.copyOfRange(arena, from, from + floats),
        parameter);
  }

  private static float[] read(DeviceBuffer buffer) {
    float[] floats = new float[(int) buffer.floats()];
    buffer.read(0, MemorySegment.ofArray(floats));
    return floats;
  }
}
