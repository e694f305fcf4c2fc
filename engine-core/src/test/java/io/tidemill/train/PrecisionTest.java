package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.program.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trainings whose matrix products round their operands to bf16, where the CPU multiplies those. */
final class PrecisionTest {
  private final Device device = Devices.open("cpu");

  @TempDir Path folder;

  @BeforeEach
  void needBf16() {
    device.unavailable(Precision.BF16).ifPresent(why -> Assumptions.abort("skipped: " + why));
  }

  @AfterEach
  void closeDevice() {
    device.close();
  }

  @Test
  void bf16ComesToNearlyTheLossOfFloat32() {
    try (TinyTraining exact = open(Precision.FLOAT32, 1);
        TinyTraining rounded = open(Precision.BF16, 1)) {
      exact.work(1);
      float first = exact.progress().loss();
      exact.workToTheEnd();
      rounded.workToTheEnd();

      float expected = exact.progress().loss();
      assertTrue(expected < first / 2, "the loss went from " + first + " to " + expected);
      assertEquals(expected, rounded.progress().loss(), 0.02f);
      assertFalse(Arrays.equals(exact.parameters(), rounded.parameters()));
    }
  }

  @Test
  void bf16HasTheSameBitsOnAnyNumberOfRanks() {
    try (TinyTraining one = open(Precision.BF16, 1)) {
      one.workToTheEnd();
      for (int ranks = 2; ranks <= 3; ranks++) {
        try (TinyTraining several = open(Precision.BF16, ranks)) {
          several.workToTheEnd();
          assertArrayEquals(one.parameters(), several.parameters(), ranks + " ranks");
        }
      }
    }
  }

  /** The weights are float32: what is smaller than a step of bf16 is not lost. */
  @Test
  void updatesSmallerThanBf16AreKept() {
    try (TinyTraining one = open(Precision.BF16, 1)) {
      one.work(1);

      float[] before = one.initialParameters();
      float[] after = one.parameters();
      assertTrue(
          Arrays.stream(new int[] {0, 7, 14, 32, 46})
              .anyMatch(i -> (Float.floatToIntBits(after[i]) & 0xffff) != 0));
      assertFalse(Arrays.equals(before, after));
    }
  }

  private TinyTraining open(Precision precision, int ranks) {
    Training<float[]> training = TinyTraining.training(8).epochs(30).precision(precision);
    Path rows = folder.resolve(precision + "-" + ranks);
    return new TinyTraining(
        training, TinyTraining.samples(23), ranks, device, rows, ranks, _ -> false);
  }
}
