package io.tidemill.local;

import io.tidemill.task.SourcePosition;
import io.tidemill.task.TaskId;

/** How far a worker has said that it has read a split. One thread writes, any reads. */
final class RemoteSource implements SourcePosition {
  private final TaskId id;
  private final String split;
  private volatile long records;
  private volatile long checkpointedRecords;

  RemoteSource(TaskId id, String split) {
    this.id = id;
    this.split = split;
  }

  void move(Letter.Position to) {
    checkpointedRecords = to.checkpointed();
    records = to.records();
  }

  @Override
  public TaskId id() {
    return id;
  }

  @Override
  public String split() {
    return split;
  }

  @Override
  public long records() {
    return records;
  }

  @Override
  public long checkpointedRecords() {
    return checkpointedRecords;
  }
}
