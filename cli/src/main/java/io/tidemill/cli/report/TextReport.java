package io.tidemill.cli.report;

import io.tidemill.local.JobReport;
import io.tidemill.program.Precision;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeMap;

/** A job's report for people, with the command to type next. */
public final class TextReport {
  private TextReport() {}

  /**
   * The lines, each with its end.
   *
   * @param state the state directory, as the user would name it
   */
  public static String of(JobReport report, Path state) {
    StringBuilder text = new StringBuilder();
    String precision =
        report.precision() == Precision.FLOAT32 ? "" : ", " + report.precision().word();
    line(
        text,
        "job",
        report.job() + ", " + workers(report.workers()) + ", " + report.mode() + precision);
    line(
        text,
        "trained",
        String.format(
            Locale.ROOT,
            "%d steps%s, %d samples in %.1f s, %.0f samples/s",
            report.steps(),
            report.skippedSteps() > 0 ? " (" + report.skippedSteps() + " skipped)" : "",
            report.samples(),
            report.seconds(),
            report.samplesPerSecond()));
    new TreeMap<>(report.metrics())
        .forEach((name, value) -> line(text, name, String.format(Locale.ROOT, "%.4f", value)));
    report.texts().forEach((name, shown) -> text.append(block(name, shown)));
    report.weightsSha256().ifPresent(hash -> line(text, "weights", "sha256 " + hash));
    report.checkpoint().ifPresent(path -> line(text, "checkpoint", path.toString()));
    report.model().ifPresent(model -> line(text, "model", sentence(model)));
    report
        .model()
        .ifPresent(_ -> text.append(String.format("%nnext: ./tidemill serve %s%n", quoted(state))));
    return text.toString();
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(String.format("%-20s %s%n", name, value));
  }

  private static String block(String name, String text) {
    return name + System.lineSeparator() + text.stripTrailing().indent(2);
  }

  private static String sentence(JobReport.PublishedModel model) {
    return model.name() + " version " + model.version() + " in " + model.path();
  }

  private static String workers(int workers) {
    return workers == 1 ? "1 worker" : workers + " workers";
  }

  private static String quoted(Path path) {
    String text = path.toString();
    return text.matches("[A-Za-z0-9._/-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
