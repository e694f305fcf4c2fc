package io.tidemill.cli.progress;

import io.tidemill.cli.console.Console;
import io.tidemill.local.JobListener.Progress;

/** Only what the user has to read. */
final class SilentView implements ProgressView {
  private final Console console;

  SilentView(Console console) {
    this.console = console;
  }

  @Override
  public void show(Progress progress) {}

  @Override
  public void tell(String sentence) {
    console.tell(sentence);
  }

  @Override
  public void finish() {}

  @Override
  public void close() {}
}
