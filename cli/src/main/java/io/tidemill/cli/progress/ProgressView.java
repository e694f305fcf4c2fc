package io.tidemill.cli.progress;

import io.tidemill.cli.console.Console;
import io.tidemill.local.JobListener.Progress;

/**
 * Shows on standard error how far a job is.
 *
 * <p>Confined to the thread that runs the job.
 */
public sealed interface ProgressView extends AutoCloseable permits BarView, LineView, SilentView {
  /** A bar on a terminal, a line now and then elsewhere, nothing where the user wants quiet. */
  static ProgressView on(Console console, boolean isQuiet) {
    if (isQuiet) {
      return new SilentView(console);
    }
    return console
        .columns()
        .<ProgressView>map(columns -> new BarView(console, columns))
        .orElseGet(() -> new LineView(console, System::nanoTime));
  }

  /** The job is this far. */
  void show(Progress progress);

  /** A sentence between the progress; shown whatever the user wants. */
  void tell(String sentence);

  /** The job has ended well. */
  void finish();

  /** Leaves the terminal as it was; shows nothing more. */
  @Override
  void close();
}
