package io.tidemill.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.device.Device;
import io.tidemill.device.Devices;
import io.tidemill.dsl.Params;
import io.tidemill.error.EngineException;
import io.tidemill.program.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job whose parameters ask for bf16. */
final class PrecisionJobTest {
  private static final String NATIVE = "tidemill.cpu.native";

  @TempDir Path state;

  @Test
  void trainsInBf16WithTheSameBitsOnAnyNumberOfWorkers() {
    try (Device device = Devices.open("cpu")) {
      device.unavailable(Precision.BF16).ifPresent(why -> Assumptions.abort("skipped: " + why));
    }
    JobReport exact = job("float32", "exact", 1).run(JobListener.NONE);
    JobReport rounded = job("bf16", "rounded", 1).run(JobListener.NONE);

    assertEquals(Precision.BF16, rounded.precision());
    assertNotEquals(exact.weightsSha256(), rounded.weightsSha256());
    assertEquals(exact.metrics().get("testAccuracy"), rounded.metrics().get("testAccuracy"), 0.02);
    for (int workers = 2; workers <= 3; workers++) {
      assertEquals(
          rounded.weightsSha256(),
          job("bf16", "rounded-" + workers, workers).run(JobListener.NONE).weightsSha256());
    }
  }

  @Test
  void isAnotherPipeline() {
    assertNotEquals(
        job("float32", "a", 1).graph().fingerprint(), job("bf16", "b", 1).graph().fingerprint());
  }

  @Test
  void refusesBf16BeforeAnythingIsWritten() throws IOException {
    LocalJob job = job("bf16", "refused", 1);

    String before = System.setProperty(NATIVE, "off");
    EngineException refusal;
    try {
      refusal = assertThrows(EngineException.class, () -> job.run(JobListener.NONE));
    } finally {
      if (before == null) {
        System.clearProperty(NATIVE);
      } else {
        System.setProperty(NATIVE, before);
      }
    }

    assertTrue(
        refusal
            .getMessage()
            .startsWith(
                "training blobs: bf16: this CPU cannot multiply it: expected oneDNN on AVX-512 with"
                    + " BF16, found Vector API, "),
        refusal.getMessage());
    try (Stream<Path> files = Files.list(state)) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void refusesAPrecisionThatThereIsNot() {
    assertEquals(
        "parameter precision has to be one of float32, bf16; found \"fp16\"",
        assertThrows(EngineException.class, () -> job("fp16", "c", 1)).getMessage());
  }

  private LocalJob job(String precision, String name, int workers) {
    return LocalJob.define(
        new BlobsPipeline(),
        new Params(Map.of("precision", precision), 1),
        JobOptions.of(name, "blobs", state).withWorkers(workers));
  }
}
