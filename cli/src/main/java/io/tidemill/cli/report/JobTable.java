package io.tidemill.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;

/** Jobs of a cluster for people, from what the head says of them. */
public final class JobTable {
  private static final List<String> HEADER =
      List.of("JOB", "STATE", "PIPELINE", "WORKERS", "ATTEMPT", "STEP", "REASON");

  private JobTable() {}

  /** A table with a header, the first submitted first. */
  public static String text(JsonNode jobs) {
    Table table = new Table(HEADER, Set.of(3, 4, 5));
    jobs.forEach(job -> table.add(row(job)));
    return table.toString();
  }

  /** One job, or its report, a line each for what is known. */
  public static String one(JsonNode job) {
    StringBuilder text = new StringBuilder();
    job.properties()
        .forEach(
            field -> {
              JsonNode value = field.getValue();
              if (!value.isNull()) {
                line(
                    text, field.getKey(), value.isTextual() ? value.textValue() : value.toString());
              }
            });
    return text.toString();
  }

  private static List<String> row(JsonNode job) {
    return List.of(
        job.path("id").asText(),
        job.path("state").asText(),
        job.path("pipeline").asText(),
        job.path("workers").asText(),
        job.path("attempt").asText(),
        step(job),
        job.path("reason").isTextual() ? job.path("reason").textValue() : "");
  }

  private static String step(JsonNode job) {
    JsonNode done = job.path("report").path("steps");
    return done.isNumber() ? done.asText() : job.path("progress").path("step").asText();
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(String.format("%-20s %s%n", name, value));
  }
}
