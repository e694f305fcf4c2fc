package io.tidemill.operator;

import io.tidemill.checkpoint.PartKey;
import io.tidemill.storage.FileContent;
import java.nio.ByteBuffer;

/**
 * A part of a snapshot: captured on the task's thread, written later on another.
 *
 * @param kind what it is within its vertex, for example {@code keyed}
 * @param format which kind of file it is
 * @param content writes what was captured; must not read anything that the task goes on changing
 */
public record StatePart(String kind, PartKey.Format format, FileContent content) {
  /** A part of bytes that were captured already. */
  public static StatePart of(String kind, byte[] bytes) {
    return new StatePart(
        kind, PartKey.Format.STATE, FileContent.of(ByteBuffer.wrap(bytes).asReadOnlyBuffer()));
  }
}
