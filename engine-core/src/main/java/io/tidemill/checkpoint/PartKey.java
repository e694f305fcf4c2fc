package io.tidemill.checkpoint;

import io.tidemill.codec.KeyGroupRange;
import io.tidemill.storage.Names;

/**
 * Whose part is written, and what it holds.
 *
 * @param vertex id of the operator
 * @param subtask which parallel instance writes it
 * @param kind what it holds, in the operator's words: {@code state}, {@code weights}
 * @param format which kind of file it is
 * @param keyGroups the key groups it holds; all of them where it is not keyed
 */
public record PartKey(
    String vertex, int subtask, String kind, Format format, KeyGroupRange keyGroups) {
  /** The two kinds of files in a checkpoint. */
  public enum Format {
    /** Tensors, for any program that reads safetensors. */
    SAFETENSORS(".safetensors"),
    /** Bytes of the engine. */
    STATE(".state");

    private final String suffix;

    Format(String suffix) {
      this.suffix = suffix;
    }
  }

  public PartKey {
    Names.require("operator", vertex);
    Names.require("part", kind);
  }

  /** A part in the engine's own format. */
  public static PartKey state(String vertex, int subtask, String kind, KeyGroupRange keyGroups) {
    return new PartKey(vertex, subtask, kind, Format.STATE, keyGroups);
  }

  /** A part that holds tensors and is not keyed. */
  public static PartKey tensors(String vertex, int subtask, String kind) {
    return new PartKey(vertex, subtask, kind, Format.SAFETENSORS, KeyGroupRange.ALL);
  }

  /** The name of the file: {@code card-features.0.state}. */
  public String file() {
    return vertex
        + "."
        + subtask
        + (kind.equals("state") && format == Format.STATE ? "" : "." + kind)
        + format.suffix;
  }
}
