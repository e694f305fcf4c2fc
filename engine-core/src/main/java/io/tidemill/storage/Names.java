package io.tidemill.storage;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.regex.Pattern;

/** Names that become folders and files: jobs, models, operators. */
public final class Names {
  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  private Names() {}

  /** Whether the name can be a folder of ours. */
  public static boolean isSafe(String name) {
    return SAFE.matcher(name).matches();
  }

  /**
   * The name itself, checked.
   *
   * @param what what is named, for the error: {@code job}
   */
  public static String require(String what, String name) {
    if (!isSafe(name)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          what
              + " name '"
              + name
              + "' cannot be used: expected 1 to 128 letters, digits, dots, underscores and"
              + " hyphens, beginning with a letter or digit");
    }
    return name;
  }
}
