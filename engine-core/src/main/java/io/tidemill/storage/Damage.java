package io.tidemill.storage;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;

/**
 * A stored file that is not what was written.
 *
 * @param path the file
 * @param expected what its description says
 * @param found what lies there
 */
public record Damage(Path path, String expected, String found) {
  /** The finding as one sentence. */
  public String sentence() {
    return path + " is damaged: expected " + expected + ", found " + found;
  }

  /** The finding as an error, for where nothing else can be used instead. */
  public EngineException toException() {
    return new EngineException(ErrorCode.CORRUPT_STATE, sentence());
  }
}
