package io.tidemill.cli.console;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Where a command writes: results to {@code out}, all else to {@code err}.
 *
 * @param columns width of the terminal that standard error is; empty where it is none
 * @param isUnicode whether standard error shows more than ASCII
 * @param isDebug whether a failure shows its stack
 */
public record Console(
    PrintStream out,
    PrintStream err,
    Optional<Integer> columns,
    boolean isUnicode,
    boolean isDebug) {
  /** Set by the launcher, to the terminal's width, where standard error is a terminal. */
  private static final String COLUMNS = "tidemill.columns";

  /** That of this process. */
  public static Console ofProcess(boolean isDebug) {
    return new Console(
        System.out,
        System.err,
        Optional.ofNullable(Integer.getInteger(COLUMNS)),
        Charset.forName(System.getProperty("stderr.encoding", "US-ASCII"))
            .equals(StandardCharsets.UTF_8),
        isDebug);
  }

  /** One line of ours on standard error. */
  public void tell(String sentence) {
    err.println("tidemill: " + oneLine(sentence));
  }

  private static String oneLine(String sentence) {
    return sentence.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
