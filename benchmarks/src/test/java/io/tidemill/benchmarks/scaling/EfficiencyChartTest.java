package io.tidemill.benchmarks.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidemill.benchmarks.scaling.Forecast.Scaling;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

final class EfficiencyChartTest {
  @Test
  void drawsALineForEachKindOfScaling() throws Exception {
    EfficiencyChart chart = new EfficiencyChart();
    List<Forecast.Point> ideal =
        List.of(new Forecast.Point(1, 2, 1), new Forecast.Point(1024, 2, 1));
    List<Forecast.Point> poor =
        List.of(new Forecast.Point(1, 2, 1), new Forecast.Point(32, 1, 0.5));
    chart.add("mlp", Scaling.STRONG, ideal);
    chart.add("mlp", Scaling.WEAK, poor);

    Document svg =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(chart.svg().getBytes(StandardCharsets.UTF_8)));

    var lines = svg.getElementsByTagName("polyline");
    assertEquals(2, lines.getLength());
    assertEquals("60,20 510,20", ((Element) lines.item(0)).getAttribute("points"));
    assertEquals("60,20 285,185", ((Element) lines.item(1)).getAttribute("points"));
  }
}
