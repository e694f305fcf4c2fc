package io.tidemill.cli.progress;

import io.tidemill.cli.console.Console;
import io.tidemill.local.JobListener.Progress;
import java.util.Optional;
import java.util.function.LongSupplier;

/** A line every two seconds and one at the end: for files and pipes. */
final class LineView implements ProgressView {
  private static final long EVERY_NS = 2_000_000_000;

  private final Console console;
  private final LongSupplier clockNs;
  private long shownNs;
  private Optional<Progress> unshown = Optional.empty();

  LineView(Console console, LongSupplier clockNs) {
    this.console = console;
    this.clockNs = clockNs;
    this.shownNs = clockNs.getAsLong();
  }

  @Override
  public void show(Progress progress) {
    unshown = Optional.of(progress);
    long now = clockNs.getAsLong();
    if (now - shownNs >= EVERY_NS) {
      shownNs = now;
      print();
    }
  }

  @Override
  public void tell(String sentence) {
    console.tell(sentence);
  }

  @Override
  public void finish() {
    print();
  }

  @Override
  public void close() {}

  private void print() {
    unshown.ifPresent(progress -> console.err().println(ProgressText.line(progress)));
    unshown = Optional.empty();
  }
}
