package io.tidemill.checkpoint;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import io.tidemill.storage.FileContent;
import io.tidemill.storage.FileSeal;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * A checkpoint that is being written.
 *
 * <p>Parts may be written by several threads; {@link #commit} and {@link #close} come after the
 * last part. The first failure removes the folder and ends the checkpoint: earlier checkpoints are
 * never touched.
 */
public final class PendingCheckpoint implements AutoCloseable {
  private enum Phase {
    OPEN,
    COMMITTED,
    ABANDONED
  }

  private final CheckpointStore store;
  private final long number;
  private final Path folder;
  private final Queue<Part> parts = new ConcurrentLinkedQueue<>();
  private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.OPEN);

  /** Files of the pruned checkpoint that still lie here. */
  private final Set<String> left = ConcurrentHashMap.newKeySet();

  /** Whether the folder has other names than when it was made durable last. */
  private volatile boolean hasNewNames;

  /**
   * @param pruned a checkpoint that is none any more, whose files this one takes
   */
  PendingCheckpoint(CheckpointStore store, long number, Path folder, Optional<Path> pruned) {
    this.store = store;
    this.number = number;
    this.folder = folder;
    try {
      if (Files.exists(folder)) {
        DurableFiles.deleteTree(folder);
      }
      if (pruned.isPresent()) {
        Files.move(pruned.get(), folder, StandardCopyOption.ATOMIC_MOVE);
        takeStock();
      } else {
        Files.createDirectory(folder);
        hasNewNames = true;
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  public long number() {
    return number;
  }

  /**
   * Writes one part and forces it to the disk. May block; called by any thread.
   *
   * @throws EngineException RESOURCE where the disk is full or fails; the checkpoint is gone then
   */
  public Part write(PartKey key, FileContent content) {
    requireOpen();
    try {
      Path path = folder.resolve(key.file());
      FileSeal seal =
          isFree(path) ? FileSeal.overwrite(path, content) : FileSeal.write(path, content);
      Part part =
          new Part(key.vertex(), key.subtask(), key.kind(), key.file(), seal, key.keyGroups());
      parts.add(part);
      return part;
    } catch (FileAlreadyExistsException e) {
      abandon();
      throw new EngineException(
          ErrorCode.INTERNAL, "two parts of checkpoint " + number + " are called " + key.file(), e);
    } catch (IOException e) {
      throw failed(e);
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
  }

  /** Makes it a savepoint, which is kept until somebody deletes it. */
  public void keep() {
    requireOpen();
    try {
      hasNewNames = true;
      Files.createFile(folder.resolve(StoredCheckpoint.SAVEPOINT)); // durable with the commit
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Takes over a part of an earlier checkpoint, without a second copy where the disk can.
   *
   * @return false where it is not there any more
   */
  public boolean adopt(Part part, StoredCheckpoint from) {
    requireOpen();
    try {
      link(from, part);
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Takes over the parts of another checkpoint, without a second copy where the disk can. */
  void adopt(StoredCheckpoint other) {
    requireOpen();
    try {
      for (Part part : other.manifest().parts()) {
        link(other, part);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Makes all parts written so far a checkpoint, in one step.
   *
   * @throws EngineException RESOURCE where the disk is full or fails, or a newer generation has
   *     taken the job over; the checkpoint is gone then
   */
  public StoredCheckpoint commit(RunFacts run, Progress progress) {
    requireOpen();
    List<Part> sorted = parts.stream().sorted(Comparator.comparing(Part::file)).toList();
    Manifest manifest =
        new Manifest(
            number,
            store.generation(),
            store.job(),
            store.runId(),
            Instant.now(),
            run,
            progress,
            sorted);
    Path target = store.folder().resolve(Long.toString(number));
    try {
      left.remove(Manifest.FILE);
      Manifest.FORMAT.write(folder.resolve(Manifest.FILE), manifest);
      for (String unused : left) {
        hasNewNames = true;
        Files.delete(folder.resolve(unused));
      }
      if (hasNewNames) {
        DurableFiles.syncFolder(folder);
      }
      store.checkGeneration("checkpoint " + number);
      DurableFiles.rename(folder, target);
    } catch (IOException e) {
      throw failed(e);
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
    phase.set(Phase.COMMITTED);
    StoredCheckpoint committed = new StoredCheckpoint(target, manifest);
    store.committed(committed);
    return committed;
  }

  /** Removes what was written, unless it was committed. */
  @Override
  public void close() {
    abandon();
  }

  private void link(StoredCheckpoint from, Part part) throws IOException {
    Path source = from.path(part);
    Path to = folder.resolve(part.file());
    boolean isThere = left.remove(part.file());
    if (!isThere || !Files.isSameFile(source, to)) {
      hasNewNames = true;
      if (isThere) {
        Files.delete(to);
      }
      try {
        Files.createLink(to, source);
      } catch (UnsupportedOperationException e) {
        Files.copy(source, to);
      }
    }
    parts.add(part);
  }

  /** What lies here of the pruned checkpoint. */
  private void takeStock() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(file -> left.add(file.getFileName().toString()));
    }
  }

  /** Whether a file lies here that may be written over; one that others have too is gone then. */
  private boolean isFree(Path file) throws IOException {
    boolean isThere = left.remove(file.getFileName().toString());
    if (isThere && hasOneName(file)) {
      return true;
    }
    hasNewNames = true;
    if (isThere) {
      Files.delete(file);
    }
    return false;
  }

  /** False too where the system does not say. */
  private static boolean hasOneName(Path file) throws IOException {
    try {
      return Files.getAttribute(file, "unix:nlink").equals(1);
    } catch (UnsupportedOperationException | IllegalArgumentException e) {
      return false;
    }
  }

  private void requireOpen() {
    if (phase.get() != Phase.OPEN) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "checkpoint " + number + " of job " + store.job() + " has failed or is closed");
    }
  }

  /** What cannot be deleted now is deleted when the job is opened next. */
  private void abandon() {
    if (phase.compareAndSet(Phase.OPEN, Phase.ABANDONED)) {
      try {
        DurableFiles.deleteTree(folder);
      } catch (IOException e) {
        phase.set(Phase.ABANDONED);
      }
    }
  }

  private EngineException failed(IOException e) {
    abandon();
    return new EngineException(
        ErrorCode.RESOURCE,
        "checkpoint "
            + number
            + " of job "
            + store.job()
            + " was not written: "
            + e.getMessage()
            + "; earlier checkpoints are untouched; free space or choose another --state",
        e);
  }
}
