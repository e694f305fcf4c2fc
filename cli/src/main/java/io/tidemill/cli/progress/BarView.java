package io.tidemill.cli.progress;

import io.tidemill.cli.console.Console;
import io.tidemill.local.JobListener.Progress;
import java.util.Optional;
import java.util.OptionalLong;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar on a terminal: one while the sources are read, then one for the training. */
final class BarView implements ProgressView {
  private static final int UPDATE_MS = 200;
  private static final long UNKNOWN = -1;
  private static final String CLEAR_LINE = "\r\033[K";

  private final Console console;
  private final int columns;
  private boolean isReading = true;
  private Optional<ProgressBar> bar = Optional.empty();
  private volatile Optional<Progress> latest = Optional.empty();

  BarView(Console console, int columns) {
    this.console = console;
    this.columns = columns;
  }

  @Override
  public void show(Progress progress) {
    latest = Optional.of(progress);
    boolean isReadingNow = ProgressText.isReading(progress);
    if (isReading && !isReadingNow) {
      close();
    }
    isReading = isReadingNow;
    ProgressBar shown = bar.orElseGet(() -> open(progress));
    bar = Optional.of(shown);
    shown.maxHint(max(progress).orElse(UNKNOWN));
    shown.stepTo(isReading ? progress.records() : progress.step());
    if (!isReading) {
      shown.setExtraMessage(
          (ProgressText.epoch(progress) + ProgressText.measures(progress))
              .replaceFirst("^, | , |, , ", " "));
    }
  }

  @Override
  public void tell(String sentence) {
    bar.ifPresent(_ -> console.err().print(CLEAR_LINE));
    console.tell(sentence);
  }

  @Override
  public void finish() {
    latest.ifPresent(this::show);
  }

  @Override
  public void close() {
    bar.ifPresent(ProgressBar::close);
    bar = Optional.empty();
  }

  private ProgressBar open(Progress progress) {
    return new ProgressBarBuilder()
        .setTaskName(isReading ? "reading" : "training")
        .setInitialMax(max(progress).orElse(UNKNOWN))
        .setUpdateIntervalMillis(UPDATE_MS)
        .setStyle(
            console.isUnicode() ? ProgressBarStyle.COLORFUL_UNICODE_BAR : ProgressBarStyle.ASCII)
        .setEtaFunction(_ -> isReading ? Optional.empty() : timeLeft())
        .setConsumer(new ConsoleProgressBarConsumer(console.err(), columns))
        .build();
  }

  private Optional<java.time.Duration> timeLeft() {
    return latest.flatMap(ProgressText::timeLeft);
  }

  private static OptionalLong max(Progress progress) {
    return ProgressText.isReading(progress) ? progress.totalRecords() : progress.totalSteps();
  }
}
