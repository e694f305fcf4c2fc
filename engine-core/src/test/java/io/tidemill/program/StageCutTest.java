package io.tidemill.program;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.network.Dense;
import io.tidemill.network.Loss;
import io.tidemill.network.Network;
import io.tidemill.network.Parallel;
import io.tidemill.network.Relu;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StageCutTest {
  @Test
  void theLongestStageIsAsShortAsCanBe() {
    Network network =
        Network.sequential(
            Dense.of(64, 64), Relu.of(), Dense.of(64, 64), Relu.of(), Dense.of(64, 64));

    assertEquals(
        "{dense-1=0, dense-2=1, dense-3=2, loss=2, relu-1=0, relu-2=1}",
        stages(network, 3).toString());
  }

  @Test
  void oneLargeLayerIsAStageOfItsOwn() {
    Network network =
        Network.sequential(Dense.of(8, 512), Dense.of(512, 512), Dense.of(512, 8), Dense.of(8, 2));

    assertEquals(
        "{dense-1=0, dense-2=1, dense-3=2, dense-4=2, loss=2}", stages(network, 3).toString());
  }

  /** The stage of each layer. */
  private static Map<String, Integer> stages(Network network, int count) {
    Map<String, Integer> stages = new TreeMap<>();
    Program program =
        network.parallel(Parallel.pipeline(count)).training(Loss.softmaxCrossEntropy(), 32);
    program.instructions().forEach(each -> stages.put(each.layer(), each.place()));
    return stages;
  }
}
