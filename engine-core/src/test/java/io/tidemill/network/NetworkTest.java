package io.tidemill.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import io.tidemill.program.Instruction;
import io.tidemill.program.ParameterLayout;
import io.tidemill.program.Program;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class NetworkTest {
  private static final Network NETWORK =
      Network.sequential(LayerNorm.plain(), Dense.of(8, 5).he(), Relu.of(), Dense.of(5, 3));

  @Test
  void namesLayersByKindAndCount() {
    assertEquals(
        List.of("dense-1.weight", "dense-1.bias", "dense-2.weight", "dense-2.bias"),
        NETWORK.layout().entries().stream().map(ParameterLayout.Entry::name).toList());
    assertEquals(Shape.of(Shape.ANY, 8), NETWORK.inputShape());
    assertEquals(Shape.of(Shape.ANY, 3), NETWORK.outputShape());
  }

  @Test
  void aMismatchNamesTheLayer() {
    EngineException refusal =
        assertThrows(
            EngineException.class,
            () -> Network.sequential(Dense.of(784, 256), Relu.of(), Dense.of(512, 10)));

    assertEquals("dense-2 expects [*, 512], gets [*, 256]", refusal.getMessage());
  }

  @Test
  void aCropLargerThanItsImagesNamesTheLayer() {
    EngineException refusal =
        assertThrows(
            EngineException.class,
            () -> Network.sequential(Input.of(32, 20, 3), Crop.of(28, 24), Reshape.flat()));

    assertEquals(
        "crop-1 expects images of at least [*, 28, 24, channels], gets [*, 32, 20, 3]",
        refusal.getMessage());
  }

  @Test
  void allProgramsOfANetworkShareOneLayout() {
    Loss loss = Loss.softmaxCrossEntropy();

    assertEquals(NETWORK.layout(), NETWORK.training(loss, 4).layout());
    assertEquals(NETWORK.layout(), NETWORK.evaluation(loss, 7).layout());
    assertEquals(NETWORK.layout(), NETWORK.prediction(loss).layout());
  }

  @Test
  void trainingTakesFeaturesLabelsAndWeightsAndGivesLossOutputAndGradients() {
    Program program = NETWORK.training(Loss.softmaxCrossEntropy(), 4);

    assertEquals(
        List.of(
            new TensorSpec("features", DataType.FLOAT32, Shape.of(4, 8)),
            new TensorSpec("labels", DataType.INT32, Shape.of(4)),
            new TensorSpec("weights", DataType.FLOAT32, Shape.of(4))),
        program.inputSpecs());
    assertEquals(List.of("loss", "output"), List.copyOf(program.outputs().keySet()));
    assertEquals(4, program.gradients().size());
    assertFalse(program.isOpen());
  }

  @Test
  void predictionAnswersProbabilitiesAndLabels() {
    assertEquals(
        List.of(
            new TensorSpec("probabilities", DataType.FLOAT32, Shape.of(Shape.ANY, 3)),
            new TensorSpec("label", DataType.INT64, Shape.of(Shape.ANY))),
        NETWORK.prediction(Loss.softmaxCrossEntropy()).outputSpecs());
  }

  @Test
  void aBinaryLossRefusesSeveralOutputs() {
    EngineException refusal =
        assertThrows(EngineException.class, () -> NETWORK.training(Loss.binaryCrossEntropy(), 4));

    assertTrue(
        refusal.getMessage().startsWith("loss: binaryCrossEntropy expects logits [rows, 1]"),
        refusal.getMessage());
  }

  @Test
  void beginsWithSeededWeightsInTheirLimitsAndZeroPadding() {
    float[] first = NETWORK.initialParameters(1);

    assertArrayEquals(first, NETWORK.initialParameters(1));
    assertFalse(Arrays.equals(first, NETWORK.initialParameters(2)));
    float he = (float) Math.sqrt(6.0 / 8);
    for (int i = 0; i < 40; i++) {
      assertTrue(Math.abs(first[i]) <= he && first[i] != 0);
    }
    long bias = NETWORK.layout().entry("dense-1.bias").offset();
    for (int i = 40; i < bias + 16; i++) {
      assertEquals(0f, first[i]);
    }
  }

  @Test
  void aTiedTableCannotHaveASparseGradient() {
    Embedding table = Embedding.of(9, 4);
    Network.sequential(Input.ofIds(3), table, Unembedding.of(9, 4));

    EngineException refusal =
        assertThrows(
            EngineException.class,
            () -> Network.sequential(Input.ofIds(3), table.sparse(), Unembedding.of(9, 4)));

    assertEquals(
        "unembedding-1: matMul reads all of embedding-1.table, whose gradient is sparse: expected"
            + " lookups only; leave sparse() out where a table is tied",
        refusal.getMessage());
  }

  @Test
  void standardizeMustComeBeforeOtherParameters() {
    EngineException refusal =
        assertThrows(
            EngineException.class,
            () -> Network.sequential(Dense.of(4, 4), Standardize.of(4), Dense.of(4, 1)));

    assertEquals(
        "standardize-1 is adapted to the features before training begins, so it must be the first"
            + " layer with parameters: found dense-1 before it",
        refusal.getMessage());
  }

  @Test
  void layersWithoutParametersPrepareTheFeaturesForStandardize() {
    Network network =
        Network.sequential(
            SignedLog1p.of(), Relu.of(), Standardize.of(4), SignedLog1p.of(), Dense.of(4, 1));

    Program preparation = network.preparation();

    assertEquals(
        List.of("signed-log1p-1", "relu-1"),
        preparation.instructions().stream().map(Instruction::layer).toList());
    assertEquals(List.of(), preparation.parameters());
    assertEquals(
        List.of(new TensorSpec("prepared", DataType.FLOAT32, Shape.of(Shape.ANY, 4))),
        preparation.outputSpecs());
  }

  @Test
  void standardizeIsAdaptedAndNotTrained() {
    Network network = Network.sequential(Standardize.of(2), Dense.of(2, 1));
    Adaptation adaptation = network.adaptation().orElseThrow();
    adaptation.accept(MemorySegment.ofArray(new float[] {1, 7, 2, 7}), 2);
    adaptation.accept(MemorySegment.ofArray(new float[] {6, 7}), 1);
    float[] parameters = network.initialParameters(1);

    adaptation.store(network.layout(), MemorySegment.ofArray(parameters));

    assertEquals(3f, parameters[0]);
    assertEquals(7f, parameters[1]);
    assertEquals(1 / Math.sqrt(14.0 / 3), parameters[16], 1e-6);
    assertEquals(1f, parameters[17], "a feature that does not vary counts as deviation 1");
    assertFalse(network.layout().entry("standardize-1.mean").isTrained());
    assertFalse(
        network
            .training(Loss.binaryCrossEntropy(), 3)
            .gradients()
            .containsKey("standardize-1.mean"));
  }

  @Test
  void aNetworkWithoutSizesSaysWhatIsMissing() {
    EngineException refusal =
        assertThrows(EngineException.class, () -> Network.sequential(Relu.of()));

    assertEquals(
        "no layer says what the network takes: begin it with an Input layer", refusal.getMessage());
  }
}
