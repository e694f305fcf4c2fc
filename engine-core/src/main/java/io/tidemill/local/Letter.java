package io.tidemill.local;

import io.tidemill.checkpoint.PartKey;
import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import io.tidemill.codec.Codecs;
import io.tidemill.error.ErrorCode;
import io.tidemill.task.TaskId;
import java.util.List;
import java.util.Map;

/** What the workers that share the tasks of a job say to each other, beside what tasks emit. */
sealed interface Letter {
  /** What says that it lives; {@code process} is its number, -1 where that means nothing there. */
  record Beat(long process) implements Letter {}

  /** To a worker: a part of the checkpoint that is restored; those of a kind come in order. */
  record State(String vertex, String kind, byte[] bytes) implements Letter {}

  /** To a worker, behind all parts: make the tasks. {@code checkpoint} is the newest there was. */
  record Start(long checkpoint, boolean isRestored) implements Letter {}

  /** To a worker: what the master announces to tasks. */
  record Signals(long requested, long committed, boolean isWanted, List<String> ended)
      implements Letter {}

  /** To a worker: the attempt is over. */
  record Over() implements Letter {}

  /** From a worker: how far a split was read; comes before what was captured there. */
  record Position(TaskId task, long records, long checkpointed) implements Letter {}

  /** From a worker: a task took its part of a checkpoint. */
  record Captured(TaskId task, long checkpoint, List<CapturedPart> parts) implements Letter {}

  /** From a worker: a task has done all that it will do. */
  record Complete(TaskId task) implements Letter {}

  /** From a worker: results for the report. */
  record Measured(TaskId task, Map<String, Double> metrics) implements Letter {}

  /** From a worker: a text for the report. */
  record Presented(TaskId task, String name, String text) implements Letter {}

  /** From a worker: the job cannot go on. */
  record Failed(TaskId task, ErrorCode code, String sentence) implements Letter {}

  /** A part of a snapshot. */
  record CapturedPart(String vertex, String kind, PartKey.Format format, byte[] bytes) {}

  /** Reads a letter. */
  static Letter read(ByteReader in) {
    return Wire.CODEC.decode(in);
  }

  /** The letter as it travels. */
  default byte[] toBytes() {
    ByteWriter out = new ByteWriter();
    Wire.CODEC.encode(this, out);
    return out.toByteArray();
  }

  /** Made when the first is written or read. */
  final class Wire {
    private static final Codec<Letter> CODEC = Codecs.of(Letter.class);

    private Wire() {}
  }
}
