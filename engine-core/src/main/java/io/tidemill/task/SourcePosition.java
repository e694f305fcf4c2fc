package io.tidemill.task;

/** How far a split was read, by a task of this process or of another; any thread may ask. */
public interface SourcePosition {
  /** The task that reads it. */
  TaskId id();

  /** Which split it reads. */
  String split();

  /** Records read so far, those before a resumed checkpoint included. */
  long records();

  /** Records that belong to the checkpoint whose barrier it sent last. */
  long checkpointedRecords();
}
