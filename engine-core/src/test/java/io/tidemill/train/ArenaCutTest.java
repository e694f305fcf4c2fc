package io.tidemill.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.network.BatchNorm;
import io.tidemill.network.Dense;
import io.tidemill.network.Network;
import io.tidemill.network.Standardize;
import io.tidemill.program.Optimizer;
import io.tidemill.program.ParameterLayout;
import io.tidemill.train.ArenaCut.Rule;
import io.tidemill.train.ArenaCut.Segment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ArenaCutTest {
  /** Lines of 16 floats: mean, inverseStd, weight, bias, scale, shift, mean, variance. */
  private static final ParameterLayout LAYOUT =
      Network.sequential(Standardize.of(3), Dense.of(3, 5), BatchNorm.of(5)).layout();

  @Test
  void eachParameterMovesByItsRoleAndOnlyMatricesDecay() {
    ArenaCut cut = ArenaCut.of(LAYOUT, Optimizer.AdamW.of(0.1f));

    assertEquals(
        List.of(
            new Segment(32, 48, Rule.DECAYED, false),
            new Segment(48, 64, Rule.TRAINED, false),
            new Segment(64, 80, Rule.TRAINED, false),
            new Segment(80, 96, Rule.TRAINED, false),
            new Segment(96, 112, Rule.AVERAGED, false),
            new Segment(112, 128, Rule.AVERAGED, false)),
        all(cut));
  }

  @Test
  void withoutDecayAllThatIsTrainedMovesAlike() {
    Network network = Network.sequential(Dense.of(100, 100));
    ArenaCut cut = ArenaCut.of(network.layout(), Optimizer.Adam.of(0.1f));

    assertEquals(64, ArenaCut.of(network.layout(), Optimizer.Adam.of(0.1f)).chunks());
    assertEquals(160, cut.start(1));
    assertEquals(10_112, cut.start(64));
    assertEquals(List.of(new Segment(9920, 10_080, Rule.TRAINED, false)), cut.segments(62));
    assertEquals(List.of(new Segment(10_080, 10_112, Rule.TRAINED, false)), cut.segments(63));
  }

  @Test
  void aLargeArenaIsCutIntoChunksThatFitACache() {
    ArenaCut cut =
        ArenaCut.of(Network.sequential(Dense.of(2048, 1024)).layout(), Optimizer.AdamW.of(0.1f));

    assertEquals(16 * 1024, cut.start(1));
    assertEquals(129, cut.chunks());
    assertEquals(
        List.of(new Segment(2_097_152, 2_098_176, Rule.TRAINED, false)), cut.segments(128));
  }

  private static List<Segment> all(ArenaCut cut) {
    List<Segment> all = new ArrayList<>();
    for (int chunk = 0; chunk < cut.chunks(); chunk++) {
      all.addAll(cut.segments(chunk));
    }
    return all;
  }
}
