package io.tidemill.serving.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.traffic.Traffic;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Traffic as clients write and read it. */
final class TrafficJson {
  private static final Set<String> FIELDS =
      Set.of(
          "stable",
          "canary",
          "percent",
          "trial",
          "mostErrors",
          "mostDelayMs",
          "leastAgreement",
          "shadow",
          "tolerance",
          "weights",
          "labels");

  private TrafficJson() {}

  static Map<String, Object> write(Traffic traffic) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stable", traffic.stable());
    fields.put("canary", traffic.canary());
    fields.put("percent", traffic.percent());
    fields.put("trial", traffic.trial());
    fields.put("mostErrors", traffic.mostErrors());
    fields.put("mostDelayMs", traffic.mostDelayMs());
    fields.put("leastAgreement", traffic.leastAgreement());
    fields.put("shadow", traffic.shadow());
    fields.put("tolerance", traffic.tolerance());
    Map<String, Object> weights = new LinkedHashMap<>();
    traffic.weights().forEach((version, weight) -> weights.put(version.toString(), weight));
    fields.put("weights", weights);
    fields.put("labels", traffic.labels());
    fields.put("decisions", traffic.decisions());
    return fields;
  }

  /**
   * The traffic that {@code fields} say; the rest is as at first.
   *
   * @throws EngineException INVALID_ARGUMENT naming the field
   */
  static Traffic read(Map<String, Object> fields, List<String> decisions) {
    for (String field : fields.keySet()) {
      if (!FIELDS.contains(field)) {
        throw wrong(field, "one of " + FIELDS.stream().sorted().toList(), field);
      }
    }
    Traffic first = Traffic.LATEST;
    Map<String, Integer> labels = new LinkedHashMap<>();
    if (fields.getOrDefault("labels", Map.of()) instanceof Map<?, ?> given) {
      given.forEach((label, version) -> labels.put(label.toString(), integer("labels", version)));
    } else {
      throw wrong("labels", "an object of versions by label", fields.get("labels"));
    }
    return new Traffic(
        integer("stable", fields.getOrDefault("stable", 0L)),
        integer("canary", fields.getOrDefault("canary", 0L)),
        integer("percent", fields.getOrDefault("percent", 0L)),
        integer("trial", fields.getOrDefault("trial", 0L)),
        number("mostErrors", fields.getOrDefault("mostErrors", first.mostErrors())),
        number("mostDelayMs", fields.getOrDefault("mostDelayMs", first.mostDelayMs())),
        number("leastAgreement", fields.getOrDefault("leastAgreement", first.leastAgreement())),
        integer("shadow", fields.getOrDefault("shadow", 0L)),
        number("tolerance", fields.getOrDefault("tolerance", first.tolerance())),
        weights(fields.getOrDefault("weights", Map.of())),
        labels,
        decisions);
  }

  private static Map<Integer, Integer> weights(Object given) {
    if (!(given instanceof Map<?, ?> byVersion)) {
      throw wrong("weights", "an object of shares by version", given);
    }
    Map<Integer, Integer> weights = new LinkedHashMap<>();
    byVersion.forEach(
        (version, weight) -> weights.put(version(version.toString()), integer("weights", weight)));
    return weights;
  }

  private static int version(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw wrong("weights", "an object of shares by version", text);
    }
  }

  private static int integer(String field, Object value) {
    if (value instanceof Long number && number == number.intValue()) {
      return number.intValue();
    }
    throw wrong(field, "an integer", value);
  }

  private static double number(String field, Object value) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw wrong(field, "a number", value);
  }

  private static EngineException wrong(String field, String expected, Object found) {
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "traffic %s: expected %s, found %s".formatted(field, expected, found));
  }
}
