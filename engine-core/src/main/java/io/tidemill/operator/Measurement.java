package io.tidemill.operator;

import java.util.Map;

/**
 * Results that belong into the report of the job.
 *
 * @param metrics numbers by name
 * @param tables what people read beside them, several lines each, by the same names
 */
public record Measurement(Map<String, Double> metrics, Map<String, String> tables) {
  public Measurement {
    metrics = Map.copyOf(metrics);
    tables = Map.copyOf(tables);
  }
}
