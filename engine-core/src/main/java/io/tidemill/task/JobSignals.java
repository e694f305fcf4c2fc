package io.tidemill.task;

import java.util.Set;

/**
 * What the master of a job announces to its tasks. The master's thread writes, every task reads.
 *
 * <p>Numbers only grow, so a task that looks late sees the newest and misses nothing.
 */
public final class JobSignals {
  private volatile long requestedCheckpoint;
  private volatile long committedCheckpoint;
  private volatile boolean checkpointWanted;
  private volatile Set<String> endedSources = Set.of();

  /** The newest checkpoint that sources are to start. */
  public long requestedCheckpoint() {
    return requestedCheckpoint;
  }

  /** The newest checkpoint that is durable. */
  public long committedCheckpoint() {
    return committedCheckpoint;
  }

  /** Whether a training is to ask for a checkpoint at its next step, whenever others are due. */
  public boolean isCheckpointWanted() {
    return checkpointWanted;
  }

  /** Whether nobody wants more from this source. */
  public boolean isEnded(String sourceVertex) {
    return endedSources.contains(sourceVertex);
  }

  /** The sources that nobody wants more from; the same set until that changes. */
  public Set<String> endedSources() {
    return endedSources;
  }

  public void requestCheckpoint(long checkpoint) {
    requestedCheckpoint = checkpoint;
  }

  public void wantCheckpoint(boolean isWanted) {
    checkpointWanted = isWanted;
  }

  public void commit(long checkpoint) {
    committedCheckpoint = checkpoint;
  }

  public void endSources(Set<String> vertices) {
    endedSources = Set.copyOf(vertices);
  }
}
