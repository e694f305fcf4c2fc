package io.tidemill.cli.progress;

import io.tidemill.local.JobListener.Progress;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Progress in words. */
final class ProgressText {
  private ProgressText() {}

  /** Whether no step has been done yet: then the sources are what moves. */
  static boolean isReading(Progress progress) {
    return progress.step() == 0;
  }

  static String line(Progress progress) {
    return isReading(progress) ? reading(progress) : "training: " + training(progress);
  }

  private static String reading(Progress progress) {
    String total =
        progress.totalRecords().isPresent()
            ? " of about " + progress.totalRecords().getAsLong()
            : "";
    return "reading: " + progress.records() + total + " records";
  }

  private static String training(Progress progress) {
    String total = progress.totalSteps().isPresent() ? "/" + progress.totalSteps().getAsLong() : "";
    return epoch(progress)
        + "step "
        + progress.step()
        + total
        + measures(progress)
        + timeLeft(progress).map(left -> ", " + clock(left) + " left").orElse("");
  }

  /** {@code epoch 2/3, } where there are several. */
  static String epoch(Progress progress) {
    return progress.epochs() > 1
        ? "epoch " + progress.epoch() + "/" + progress.epochs() + ", "
        : "";
  }

  /** {@code , loss 0.1234, 15234 samples/s}, as far as they are known. */
  static String measures(Progress progress) {
    StringBuilder text = new StringBuilder();
    progress.loss().ifPresent(loss -> text.append(String.format(Locale.ROOT, ", loss %.4f", loss)));
    if (progress.skippedSteps() > 0) {
      text.append(", ").append(progress.skippedSteps()).append(" skipped");
    }
    if (progress.samplesPerSecond() > 0) {
      text.append(String.format(Locale.ROOT, ", %.0f samples/s", progress.samplesPerSecond()));
    }
    return text.toString();
  }

  /** At the present rate; empty while either is unknown. */
  static Optional<Duration> timeLeft(Progress progress) {
    if (progress.totalSteps().isEmpty() || progress.samplesPerSecond() <= 0) {
      return Optional.empty();
    }
    double samplesPerStep = (double) progress.samples() / progress.step();
    double steps = progress.totalSteps().getAsLong() - progress.step();
    return Optional.of(
        Duration.ofSeconds(Math.round(steps * samplesPerStep / progress.samplesPerSecond())));
  }

  /** {@code 75 s} as {@code 1:15}. */
  static String clock(Duration duration) {
    long seconds = duration.toSeconds();
    return seconds < 3600
        ? "%d:%02d".formatted(seconds / 60, seconds % 60)
        : "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
}
