package io.tidemill.operator;

import java.io.IOException;
import java.io.OutputStream;

/**
 * A part of a snapshot: captured on the task's thread, written later on the checkpoint's.
 *
 * @param kind what it is within its vertex, for example {@code keyed}; also part of the file's name
 * @param extension the file's ending, {@code state} or {@code safetensors}
 * @param content writes the captured state; must not read anything that the task goes on changing
 */
public record StatePart(String kind, String extension, Content content) {
  /** Writes the bytes of a part. */
  @FunctionalInterface
  public interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** A part of bytes that were captured already. */
  public static StatePart of(String kind, byte[] bytes) {
    return new StatePart(kind, "state", out -> out.write(bytes));
  }
}
