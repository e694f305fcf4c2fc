package io.tidemill.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.local.JobReport;
import io.tidemill.local.JsonReport;
import io.tidemill.program.Precision;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReportTest {

  @Test
  void saysThePrecisionWhereItIsNotFloat32() {
    JobReport report = report(Precision.BF16);

    assertTrue(JsonReport.of(report).endsWith(",\"mode\":\"strict\",\"precision\":\"bf16\"}"));
    assertEquals("job                  digits, 2 workers, strict, bf16", firstLine(report));
  }

  @Test
  void saysNothingOfFloat32() {
    JobReport report = report(Precision.FLOAT32);

    assertFalse(JsonReport.of(report).contains("precision"));
    assertEquals("job                  digits, 2 workers, strict", firstLine(report));
  }

  private static String firstLine(JobReport report) {
    return TextReport.of(report, Path.of("state")).lines().findFirst().orElseThrow();
  }

  private static JobReport report(Precision precision) {
    return new JobReport(
        "digits",
        20,
        5120,
        0,
        1.5,
        3400,
        Map.of(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        2,
        "strict",
        precision);
  }
}
