package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.benchmarks.scaling.Fleet.Latency;
import io.tidemill.benchmarks.scaling.Forecast.Scaling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ForecastTest {
  private static final LaneCost FREE = new LaneCost(0, 0);
  private static final PartTimes PARTS = new PartTimes(Quantiles.always(2), 0, 0);

  @Test
  void whereNothingCostsButComputingItIsIdeal() {
    List<Forecast.Point> strong = forecast(FREE).curve(Scaling.STRONG);
    List<Forecast.Point> weak = forecast(FREE).curve(Scaling.WEAK);

    List<Integer> workers = List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024);
    assertEquals(workers, strong.stream().map(Forecast.Point::workers).toList());
    assertEquals(workers, weak.stream().map(Forecast.Point::workers).toList());
    for (int i = 0; i <= 10; i++) {
      assertEquals(1, strong.get(i).efficiency(), 1e-9);
      assertEquals(1, weak.get(i).efficiency(), 1e-9);
    }
    assertEquals(0.5, strong.getLast().stepsPerSecond(), 1e-9); // one shard of 2 s a worker
    assertEquals(1 / 8.0, weak.getLast().stepsPerSecond(), 1e-9); // four of them
  }

  @Test
  void bytesBoundIt() {
    Forecast forecast = forecast(new LaneCost(0, 1));

    // 8 s of computing, and twice 100 bytes but what is the host's own.
    assertEquals(200, forecast.exchangeSeconds());
    Forecast.Point most = forecast.point(Scaling.WEAK, 1024, Latency.OVERLAPS);
    assertEquals(8 / (8 + 200 * 511.0 / 512), most.efficiency(), 1e-9);
  }

  @Test
  void saysWhatTwoProcessesDoInTheFormationsThatAreMeasured() {
    assertEquals(1 / 8.0, forecast(FREE).of(Formation.ONE), 1e-9);
    assertEquals(1 / 4.0, forecast(FREE).of(Formation.STRONG), 1e-9);
    assertEquals(1 / 8.0, forecast(FREE).of(Formation.WEAK), 1e-9);
  }

  @Test
  void thePageHasTheAssumptionsThatTheBenchmarkPrints() throws IOException {
    Path page = Path.of("..", "docs", "benchmarks", "scaling.md");
    String text = Files.readString(page).replaceAll("\\s+", " ");

    for (String sentence : Forecast.ASSUMPTIONS) {
      assertTrue(text.contains(sentence), page + " lacks: " + sentence);
    }
  }

  private static Forecast forecast(LaneCost wire) {
    return new Forecast("mlp", 100, 4, PARTS, PARTS, FREE, wire);
  }
}
