package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class QuantilesTest {
  @Test
  void aThousandDurationsHaveTheirQuantiles() {
    double[] shuffled = IntStream.range(0, 1000).mapToDouble(i -> i * 7 % 1000).toArray();

    Quantiles quantiles = Quantiles.of(shuffled);

    assertEquals(
        List.of(0.0, 100.0, 250.0, 500.0, 750.0, 900.0, 990.0, 999.0), quantiles.seconds());
    assertEquals(500, quantiles.median());
  }

  @Test
  void drawsAreSpreadAsWhatWasMeasured() {
    Quantiles measured = new Quantiles(List.of(1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 4.0, 9.0));
    SplittableRandom random = new SplittableRandom(1);

    double[] draws = DoubleStream.generate(() -> measured.draw(random)).limit(100_000).toArray();

    Quantiles drawn = Quantiles.of(draws);
    for (int i = 0; i < Quantiles.AT.size(); i++) {
      double expected = measured.seconds().get(i);
      assertEquals(expected, drawn.seconds().get(i), 0.05 * expected, "at " + Quantiles.AT.get(i));
    }
  }

  @Test
  void theSlowestThousandthIsNotSlowerThanWhereItBegins() {
    Quantiles measured = new Quantiles(List.of(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0));
    SplittableRandom random = new SplittableRandom(1);

    double most = DoubleStream.generate(() -> measured.draw(random)).limit(50_000).max().orElse(0);

    assertEquals(9.0, most);
  }

  @Test
  void ofDurationsThatAreAllTheSameEachDrawIsThat() {
    assertEquals(0.25, Quantiles.always(0.25).draw(new SplittableRandom(1)));
    assertEquals(Quantiles.always(0.25), Quantiles.of(new double[] {0.25}));
  }
}
