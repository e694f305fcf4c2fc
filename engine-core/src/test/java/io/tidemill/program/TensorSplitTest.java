package io.tidemill.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.network.CausalSelfAttention;
import io.tidemill.network.Dense;
import io.tidemill.network.Dropout;
import io.tidemill.network.Gelu;
import io.tidemill.network.Input;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TensorSplitTest {
  @Test
  void theFirstProductIsSplitByColumnsAndTheSecondByRowsWithOneSumBetweenPlaces() {
    Network network = Network.sequential(Dense.of(6, 8), Gelu.of(), Dense.of(8, 4));

    TensorSplit.Result split = TensorSplit.apply(network.inference(), 2);

    assertEquals(
        List.of(
            "matMul@0",
            "matMul@1",
            "addBias@0",
            "addBias@1",
            "gelu@0",
            "gelu@1",
            "matMul@0",
            "matMul@1",
            "add@0",
            "addBias@0"),
        split.program().instructions().stream()
            .map(each -> each.op().name() + "@" + each.place())
            .toList());
    assertEquals(
        List.of(
            "dense-1.weight.0of2 [6, 4]",
            "dense-1.weight.1of2 [6, 4]",
            "dense-1.bias.0of2 [4]",
            "dense-1.bias.1of2 [4]",
            "dense-2.weight.0of2 [4, 4]",
            "dense-2.weight.1of2 [4, 4]",
            "dense-2.bias [4]"),
        split.program().parameters().stream()
            .map(parameter -> parameter.name() + " " + parameter.shape())
            .toList());
  }

  @Test
  void attentionIsSplitByHeadsAndTakesTheirQueriesKeysAndValues() {
    Network network = Network.sequential(Input.of(3, 8), CausalSelfAttention.of(8, 4));

    TensorSplit.Result split = TensorSplit.apply(network.inference(), 2);

    assertEquals(
        2,
        split.program().instructions().stream()
            .filter(each -> each.op().equals(new Op.CausalAttention(2)))
            .count());
    float[] row = new float[24];
    for (int i = 0; i < row.length; i++) {
      row[i] = i;
    }
    float[] part = new float[12];
    new ParameterPart("qkv", Shape.of(1, 24), 1, 3, 1, 2)
        .take(MemorySegment.ofArray(row), MemorySegment.ofArray(part));
    assertArrayEquals(new float[] {4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23}, part);
  }

  @Test
  void whatLooksAtAllColumnsIsNotSplit() {
    Network dropout = Network.sequential(Dense.of(6, 8), Dropout.of(0.5f), Dense.of(8, 4));
    Network odd = Network.sequential(Dense.of(6, 7), Gelu.of(), Dense.of(7, 4));

    Program training = dropout.training(Loss.softmaxCrossEntropy(), 4);

    assertEquals(Map.of(), TensorSplit.apply(odd.inference(), 2).parts());
    assertEquals(Map.of(), TensorSplit.apply(training, 2).parts());
  }

  @Test
  void rowsOfThePartsFollowEachOther() {
    float[] part = new float[4];

    new ParameterPart("w", Shape.of(4, 2), 0, 1, 1, 2)
        .take(
            MemorySegment.ofArray(new float[] {0, 1, 2, 3, 4, 5, 6, 7}),
            MemorySegment.ofArray(part));

    assertArrayEquals(new float[] {4, 5, 6, 7}, part);
  }
}
