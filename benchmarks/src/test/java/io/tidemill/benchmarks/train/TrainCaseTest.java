package io.tidemill.benchmarks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.train.Training;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The networks are those of peers/cases.py: sizes that PyTorch's {@code numel} gives too. */
final class TrainCaseTest {
  @Test
  void namesItsCases() {
    assertEquals(List.of("mlp", "cnn", "gpt"), TrainCase.names());
  }

  @Test
  void mlpHasTheParametersOfThePeers() {
    assertEquals(535_818, trained(Trainings.mlp()));
  }

  @Test
  void cnnHasTheParametersOfThePeers() {
    assertEquals(1_199_882, trained(Trainings.cnn()));
  }

  @Test
  void gptHasTheParametersOfThePeers() {
    assertEquals(804_096, trained(Trainings.gpt()));
  }

  private static long trained(Training<?> training) {
    return training.network().layout().trainableFloats();
  }
}
