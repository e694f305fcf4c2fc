package io.tidemill.benchmarks.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.benchmarks.contender.Contender;
import io.tidemill.benchmarks.contender.JavaCommand;
import io.tidemill.error.EngineException;
import io.tidemill.model.ModelStore;
import io.tidemill.model.StoredModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small model that is really trained and published, in its own process asked by ONNX Runtime. */
final class ServedModelTest {
  @TempDir Path folder;

  @Test
  void eachVersionHasOtherWeightsThanTheOneBeforeAndFewAreKept() {
    ServedModel model = ServedModel.publish(folder, 8);
    ModelVersions versions = new ModelVersions(model.stored(), folder);
    float[] first = weights(versions.publish());

    float[] second = weights(versions.publish());
    for (int i = 2; i < ModelVersions.VARIANTS; i++) {
      versions.publish();
    }
    float[] again = weights(versions.publish());

    assertNotEquals(first[0], second[0]);
    assertArrayEquals(first, again);
    List<Integer> kept = ModelStore.in(folder).versions(ServedModel.NAME);
    assertEquals(List.of(7, 8, 9, 10), kept);
  }

  @Test
  void probabilitiesAreThoseOfTheLayers() {
    ServedModel model = ServedModel.publish(folder, 8);

    double[] probabilities = model.probabilities(Digit.of(0).pixels());

    assertEquals(Digit.CLASSES, probabilities.length);
    assertEquals(1, Arrays.stream(probabilities).sum(), 1e-12);
  }

  @Test
  void onnxRuntimeAnswersTheSameFromTheFileThatIsWrittenOfIt() {
    ServedModel model = ServedModel.publish(folder, 8);
    Path file = folder.resolve("mlp.onnx");
    OnnxWriter.write(model, file);

    try (Contender contender =
        ((Contender.Start.Ready) start(file, model.expected())).contender()) {
      assertTrue(contender.rate(0.1) > 0);
    }
    String wrong = model.expected().replaceFirst("\\S+", "0.999");
    EngineException failure = assertThrows(EngineException.class, () -> start(file, wrong));
    assertTrue(failure.getMessage().startsWith("onnxruntime ended: "), failure.getMessage());
  }

  private Contender.Start start(Path file, String expected) {
    return Contender.start(
        "onnxruntime",
        JavaCommand.of(InProcess.class, file, expected),
        InProcess.ENVIRONMENT,
        folder.resolve("log"));
  }

  private static float[] weights(StoredModel stored) {
    return ServedModel.of(stored.folder(), stored).layers().getFirst().weight();
  }
}
