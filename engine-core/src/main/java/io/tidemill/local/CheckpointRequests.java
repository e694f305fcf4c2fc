package io.tidemill.local;

import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.error.EngineException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Checkpoints that somebody outside the job wants now; each is the first that begins after it was
 * asked for.
 *
 * <p>Any thread asks, the job's master does the rest.
 */
final class CheckpointRequests {
  private final List<Request> waiting = new ArrayList<>();
  private final List<Request> begun = new ArrayList<>();
  private Optional<EngineException> ended = Optional.empty();

  /** {@code isKept}: whether it is a savepoint. */
  private record Request(boolean isKept, CompletableFuture<StoredCheckpoint> answer) {}

  /** Asks for one; fails with what it failed with, or with what ended the job before. */
  synchronized CompletableFuture<StoredCheckpoint> ask(boolean isKept) {
    CompletableFuture<StoredCheckpoint> answer = new CompletableFuture<>();
    if (ended.isPresent()) {
      answer.completeExceptionally(ended.get());
    } else {
      waiting.add(new Request(isKept, answer));
    }
    return answer;
  }

  /** Whether one is wanted that has not begun. */
  synchronized boolean isWaiting() {
    return !waiting.isEmpty();
  }

  /** A checkpoint begins: is it to be a savepoint? */
  synchronized boolean begin() {
    begun.addAll(waiting);
    waiting.clear();
    return begun.stream().anyMatch(Request::isKept);
  }

  synchronized void committed(StoredCheckpoint checkpoint) {
    begun.forEach(request -> request.answer.complete(checkpoint));
    begun.clear();
  }

  synchronized void failed(EngineException cause) {
    begun.forEach(request -> request.answer.completeExceptionally(cause));
    begun.clear();
  }

  /** No checkpoint will come any more. */
  synchronized void end(EngineException cause) {
    ended = Optional.of(cause);
    begin();
    failed(cause);
  }
}
