package io.tidemill.local;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.checkpoint.JobState;
import io.tidemill.program.Precision;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A job's report as one JSON object: a contract, design section 12.
 *
 * <p>{@code state} is how the job stands, always {@code FINISHED} here, since a job that fails has
 * no report. What does not apply is {@code null}, and so is a metric that is no number. {@code
 * skippedSteps} is there only where steps were skipped because they were not finite, and {@code
 * precision} where it was not float32.
 */
public final class JsonReport {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonReport() {}

  /** The object, on one line. */
  public static String of(JobReport report) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("job", report.job());
    json.put("state", JobState.FINISHED.name());
    json.put("steps", report.steps());
    json.put("samples", report.samples());
    if (report.skippedSteps() > 0) {
      json.put("skippedSteps", report.skippedSteps());
    }
    json.put("seconds", report.seconds());
    json.put("samplesPerSecond", report.samplesPerSecond());
    json.set("metrics", metrics(report.metrics()));
    if (!report.texts().isEmpty()) {
      ObjectNode texts = json.putObject("texts");
      report.texts().forEach(texts::put);
    }
    json.put("weightsSha256", report.weightsSha256().orElse(null));
    json.put("checkpoint", report.checkpoint().map(Path::toString).orElse(null));
    json.set("model", report.model().map(JsonReport::model).orElse(null));
    json.put("workers", report.workers());
    json.put("mode", report.mode());
    if (report.precision() != Precision.FLOAT32) {
      json.put("precision", report.precision().word());
    }
    return json.toString();
  }

  /** Metrics as an object, sorted by name; {@code null} where one is no number. */
  public static ObjectNode metrics(Map<String, Double> metrics) {
    ObjectNode json = MAPPER.createObjectNode();
    new TreeMap<>(metrics)
        .forEach((name, value) -> json.put(name, Double.isFinite(value) ? value : null));
    return json;
  }

  private static ObjectNode model(JobReport.PublishedModel model) {
    return MAPPER
        .createObjectNode()
        .put("name", model.name())
        .put("version", model.version())
        .put("path", model.path().toString());
  }
}
