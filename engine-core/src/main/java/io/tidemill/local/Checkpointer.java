package io.tidemill.local;

import io.tidemill.checkpoint.CheckpointStore;
import io.tidemill.checkpoint.Part;
import io.tidemill.checkpoint.PartKey;
import io.tidemill.checkpoint.PendingCheckpoint;
import io.tidemill.checkpoint.Progress;
import io.tidemill.checkpoint.RunFacts;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.codec.KeyGroupRange;
import io.tidemill.error.EngineException;
import io.tidemill.operator.StatePart;
import io.tidemill.storage.FileContent;
import io.tidemill.task.JobSignals;
import io.tidemill.task.TaskId;
import io.tidemill.task.TaskReport;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Takes checkpoints, one at a time: starts the barriers, collects what the tasks captured, has it
 * written and committed.
 *
 * <p>Confined to the master's thread; writing and committing is done by the executor, one thing
 * after the other. A checkpoint that cannot be written is given up and the job goes on.
 */
final class Checkpointer {
  private final CheckpointStore store;
  private final RunFacts facts;
  private final Set<TaskId> tasks;
  private final JobSignals signals;
  private final Executor writer;
  private final Supplier<Progress> progress;
  private PendingCheckpoint pending;
  private boolean isSavepoint;
  private final Set<TaskId> missing = new HashSet<>();
  private CompletableFuture<Void> written;

  /** Begun when all is captured. */
  private Optional<CompletableFuture<StoredCheckpoint>> commit = Optional.empty();

  /**
   * The files of the checkpoint that was committed last and of the one under way, by name: what a
   * task gives again has not changed, and is not written again.
   */
  private Map<String, Written> committed = Map.of();

  private Map<String, Written> inWriting = Map.of();
  private Optional<StoredCheckpoint> last = Optional.empty();

  /** What was captured, and the file that holds it. */
  private record Written(FileContent content, Part part) {}

  /** What became of a checkpoint. */
  sealed interface Outcome {
    record Committed(StoredCheckpoint checkpoint) implements Outcome {}

    record Failed(EngineException cause) implements Outcome {}
  }

  Checkpointer(
      CheckpointStore store,
      RunFacts facts,
      Set<TaskId> tasks,
      JobSignals signals,
      Executor writer,
      Supplier<Progress> progress) {
    this.store = store;
    this.facts = facts;
    this.tasks = Set.copyOf(tasks);
    this.signals = signals;
    this.writer = writer;
    this.progress = progress;
  }

  boolean isIdle() {
    return pending == null;
  }

  /**
   * Starts a checkpoint. One that cannot even begin still has its barriers sent: a training waits
   * for them between two steps.
   *
   * @param isToBeKept whether it is a savepoint
   */
  Optional<Outcome> start(boolean isToBeKept) {
    long number = Math.max(store.nextNumber(), signals.requestedCheckpoint() + 1);
    signals.requestCheckpoint(number);
    try {
      pending = store.begin(number);
    } catch (EngineException e) {
      return Optional.of(new Outcome.Failed(e));
    }
    isSavepoint = isToBeKept;
    missing.addAll(tasks);
    inWriting = new HashMap<>();
    written = CompletableFuture.completedFuture(null);
    return Optional.empty();
  }

  /** Takes what a task captured and has it written. */
  void accept(TaskReport.Snapshot snapshot) {
    if (pending == null || snapshot.checkpoint() != pending.number()) {
      return;
    }
    missing.remove(snapshot.task());
    PendingCheckpoint target = pending;
    written =
        written.thenRunAsync(
            () -> write(target, snapshot.task().subtask(), snapshot.parts()), writer);
    if (missing.isEmpty()) {
      Progress atBarrier = progress.get();
      commit = Optional.of(written.thenApplyAsync(_ -> commit(target, atBarrier), writer));
    }
  }

  /** What the checkpoint has come to; empty while that is not known. */
  Optional<Outcome> poll() {
    boolean hasFailed = pending != null && written.isCompletedExceptionally();
    if (!hasFailed && !commit.map(CompletableFuture::isDone).orElse(false)) {
      return Optional.empty();
    }
    try (PendingCheckpoint _ = pending) {
      written.join();
      StoredCheckpoint checkpoint = commit.orElseThrow().join();
      committed = inWriting;
      last = Optional.of(checkpoint);
      return Optional.of(new Outcome.Committed(checkpoint));
    } catch (CompletionException e) {
      if (e.getCause() instanceof EngineException cause) {
        return Optional.of(new Outcome.Failed(cause));
      }
      throw e;
    } finally {
      pending = null;
      commit = Optional.empty();
      missing.clear();
    }
  }

  /** Gives up what is under way, when the job ends otherwise. */
  void abandon() {
    if (pending != null) {
      written.exceptionally(_ -> null).join();
      commit.ifPresent(under -> under.exceptionally(_ -> null).join());
      pending.close();
      pending = null;
    }
  }

  private StoredCheckpoint commit(PendingCheckpoint target, Progress atBarrier) {
    if (isSavepoint) {
      target.keep();
    }
    return target.commit(facts, atBarrier);
  }

  private void write(PendingCheckpoint target, int subtask, Map<String, List<StatePart>> parts) {
    parts.forEach(
        (vertex, ofVertex) ->
            ofVertex.forEach(
                part ->
                    write(
                        target,
                        new PartKey(vertex, subtask, part.kind(), part.format(), KeyGroupRange.ALL),
                        part.content())));
  }

  private void write(PendingCheckpoint target, PartKey key, FileContent content) {
    Written before = committed.get(key.file());
    boolean isThere =
        before != null
            && before.content().equals(content)
            && target.adopt(before.part(), last.get());
    inWriting.put(key.file(), isThere ? before : new Written(content, target.write(key, content)));
  }
}
