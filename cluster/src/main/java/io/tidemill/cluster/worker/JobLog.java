package io.tidemill.cluster.worker;

import io.tidemill.cluster.job.Assignment;
import io.tidemill.cluster.job.JobLogs;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobListener;
import io.tidemill.local.JobReport;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Writes what a rank of a job says, see {@link JobLogs}. One thread at a time. */
final class JobLog implements JobListener, AutoCloseable {
  private static final long PROGRESS_NS = 1_000_000_000L;

  private final Path file;
  private final Writer out;
  private long progressNs = System.nanoTime();

  private JobLog(Path file, Writer out) {
    this.file = file;
    this.out = out;
  }

  static JobLog open(Path state, Assignment assignment) {
    Path file = new JobLogs(state, assignment.job()).file(assignment.rank());
    try {
      Files.createDirectories(file.getParent());
      return new JobLog(
          file,
          Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the log " + file + " cannot be written: " + e, e);
    }
  }

  void line(String text) {
    try {
      out.write(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + text + "\n");
      out.flush();
    } catch (IOException e) {
      // A full disk may cost a line, not the job.
    }
  }

  @Override
  public void notice(String sentence) {
    line(sentence);
  }

  @Override
  public void published(JobReport.PublishedModel model) {
    line("published " + model.name() + " version " + model.version());
  }

  @Override
  public void progress(Progress progress) {
    long now = System.nanoTime();
    if (now - progressNs >= PROGRESS_NS) {
      progressNs = now;
      line(
          String.format(
              Locale.ROOT,
              "step %d, %d samples, loss %.4f, %.0f samples/s",
              progress.step(),
              progress.samples(),
              progress.loss().orElse(0),
              progress.samplesPerSecond()));
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the log " + file + " cannot be closed: " + e, e);
    }
  }
}
