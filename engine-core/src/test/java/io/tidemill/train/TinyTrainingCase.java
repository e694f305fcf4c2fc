package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests have in common that compare the bits of {@linkplain TinyTraining tiny trainings}. */
abstract class TinyTrainingCase {
  private final Device device = Devices.open("cpu");
  private int logs;

  @TempDir Path folder;

  @AfterEach
  void closeDevice() {
    device.close();
  }

  /** One that stops nowhere. */
  TinyTraining open(Training<float[]> training, List<float[]> samples, int ranks) {
    return open(training, samples, ranks, TinyTrainingCase::never);
  }

  /** One whose ranks work in an order of its own. */
  TinyTraining open(
      Training<float[]> training, List<float[]> samples, int ranks, LongPredicate checkpointDue) {
    Path rows = folder.resolve("rows-" + logs++);
    return new TinyTraining(training, samples, ranks, device, rows, logs, checkpointDue);
  }

  /** The parameters at the end; something must have been learnt. */
  float[] trained(Training<float[]> training, List<float[]> samples) {
    return trained(training, samples, 1, TinyTrainingCase::never);
  }

  float[] trained(
      Training<float[]> training, List<float[]> samples, int ranks, LongPredicate checkpointDue) {
    try (TinyTraining all = open(training, samples, ranks, checkpointDue)) {
      float[] initial = all.parameters();
      all.workToTheEnd();
      assertFalse(Arrays.equals(initial, all.parameters()), "nothing was learnt");
      return all.parameters();
    }
  }

  void assertSameOnAnyNumberOfRanks(Training<float[]> training, List<float[]> samples) {
    assertSameOnAnyNumberOfRanks(training, samples, TinyTrainingCase::never);
  }

  void assertSameOnAnyNumberOfRanks(
      Training<float[]> training, List<float[]> samples, LongPredicate checkpointDue) {
    float[] expected = trained(training, samples, 1, checkpointDue);
    for (int ranks = 2; ranks <= 4; ranks++) {
      assertArrayEquals(
          expected, trained(training, samples, ranks, checkpointDue), ranks + " ranks");
    }
  }

  static boolean never(long step) {
    return false;
  }

  static List<float[]> without(List<float[]> samples, int from, int to) {
    List<float[]> rest = new ArrayList<>(samples.subList(0, from));
    rest.addAll(samples.subList(to, samples.size()));
    return rest;
  }
}
