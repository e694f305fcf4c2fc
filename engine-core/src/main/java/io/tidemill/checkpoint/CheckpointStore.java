package io.tidemill.checkpoint;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.Damage;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints of one job (design, section 6).
 *
 * <pre>
 * checkpoints/12.tmp-3/     written by generation 3, not yet a checkpoint
 * checkpoints/12/           committed: renamed in one step with its manifest inside
 * checkpoints/9.pruned-3/   no checkpoint any more; its files are written over by the next
 * </pre>
 *
 * <p>Commit: every part is written and forced to the disk, then the manifest, then the folder's
 * names, and then the folder is renamed. So a folder whose name is a number has been whole, and
 * what is missing in it afterwards is damage, never a commit that was cut short.
 *
 * <p>One thread at a time, except that parts of a pending checkpoint may be written by several.
 */
public final class CheckpointStore {
  /** How many checkpoints are kept beside those that are referred to. */
  public static final int KEPT = 3;

  private static final Pattern COMMITTED = Pattern.compile("[1-9][0-9]{0,17}");
  private static final Pattern LEFT_OVER =
      Pattern.compile("[1-9][0-9]{0,17}\\.(?:tmp|pruned)-([0-9]{1,18})");

  private final Path folder;
  private final Path jobFile;
  private final String job;
  private final String runId;
  private final long generation;

  /** The record of the job as it was seen last with this generation, which need not be parsed. */
  private byte[] ownRecord = {};

  /** What is not read again to prune: a manifest that is whole says what it said. */
  private final Map<Long, StoredCheckpoint> known = new HashMap<>();

  /** The highest number that was ever seen; 0 before anybody has looked. */
  private long newest;

  /** What was pruned last, for the next checkpoint to be written into. */
  private Optional<Path> spare = Optional.empty();

  CheckpointStore(Path jobFolder, JobRecord record) {
    folder = jobFolder.resolve("checkpoints");
    jobFile = jobFolder.resolve(JobRecord.FILE);
    job = record.job();
    runId = record.runId();
    generation = record.generation();
  }

  /** The number for the next checkpoint: above all that were ever committed and still lie here. */
  public long nextNumber() {
    if (newest == 0) {
      newest = numbers().stream().findFirst().orElse(0L);
    }
    return newest + 1;
  }

  /**
   * Begins a checkpoint.
   *
   * @throws EngineException RESOURCE where a newer generation has taken the job over, or the disk
   *     refuses
   */
  public PendingCheckpoint begin(long number) {
    checkGeneration("checkpoint " + number);
    Path target = folder.resolve(Long.toString(number));
    if (number < 1 || Files.exists(target)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "checkpoint "
              + number
              + " of job "
              + job
              + " cannot begin: expected a new number from 1 on, the next is "
              + nextNumber());
    }
    Optional<Path> recycled = spare;
    spare = Optional.empty();
    return new PendingCheckpoint(
        this, number, folder.resolve(number + ".tmp-" + generation), recycled);
  }

  /** The newest checkpoint of this run whose manifest and parts are all whole. */
  public LatestCheckpoint latest() {
    return latest(runId);
  }

  /** The newest checkpoint of {@code ofRun} whose manifest and parts are all whole. */
  public LatestCheckpoint latest(String ofRun) {
    List<Damage> damages = new ArrayList<>();
    for (long number : numbers()) {
      Optional<Damage> torn = Manifest.FORMAT.check(manifestFile(number));
      if (torn.isPresent()) {
        damages.add(torn.get());
        continue;
      }
      StoredCheckpoint stored = open(number);
      if (stored.manifest().runId().equals(ofRun)) {
        Optional<Damage> broken = stored.damage();
        if (broken.isEmpty()) {
          return new LatestCheckpoint(Optional.of(stored), damages);
        }
        damages.add(broken.get());
      }
    }
    return new LatestCheckpoint(Optional.empty(), damages);
  }

  /** All checkpoints whose manifest is whole, newest first; their parts are not read. */
  public List<StoredCheckpoint> list() {
    return numbers().stream().filter(this::hasManifest).map(this::open).toList();
  }

  /**
   * Deletes all but the newest {@link #KEPT} checkpoints that have all their files, savepoints, and
   * those that {@code isReferred} says are still needed, by a model version.
   *
   * @return the numbers that were deleted
   */
  public List<Long> prune(Predicate<Manifest> isReferred) {
    List<Long> pruned = new ArrayList<>();
    int whole = 0;
    for (long number : numbers()) {
      boolean readable =
          known.containsKey(number) ? Files.exists(manifestFile(number)) : hasManifest(number);
      if (whole >= KEPT && !(readable && isNeeded(known(number), isReferred))) {
        delete(number);
        pruned.add(number);
      } else if (readable && hasAllFiles(known(number))) {
        whole++;
      }
    }
    return pruned;
  }

  /**
   * Makes an older checkpoint the newest: a copy of it is committed, so that the run goes on from
   * there; those between stay.
   *
   * @throws EngineException NOT_FOUND where this run has no such checkpoint, CORRUPT_STATE where it
   *     is damaged
   */
  StoredCheckpoint repeat(long number) {
    StoredCheckpoint wanted =
        list().stream()
            .filter(stored -> stored.number() == number)
            .filter(stored -> stored.manifest().runId().equals(runId))
            .findFirst()
            .orElseThrow(() -> unknown(number));
    wanted
        .damage()
        .ifPresent(
            damage -> {
              throw damage.toException();
            });
    if (number == nextNumber() - 1) {
      return wanted;
    }
    try (PendingCheckpoint copy = begin(nextNumber())) {
      copy.adopt(wanted);
      return copy.commit(wanted.manifest().run(), wanted.manifest().progress());
    }
  }

  /** Whether a checkpoint was asked for, and is kept; any thread. */
  public boolean isSavepoint(long number) {
    return Files.exists(folder.resolve(Long.toString(number)).resolve(StoredCheckpoint.SAVEPOINT));
  }

  String job() {
    return job;
  }

  String runId() {
    return runId;
  }

  long generation() {
    return generation;
  }

  Path folder() {
    return folder;
  }

  void committed(StoredCheckpoint checkpoint) {
    known.put(checkpoint.number(), checkpoint);
    newest = checkpoint.number();
  }

  /** Frees what the next checkpoint would have been written into. */
  void deleteSpare() throws IOException {
    if (spare.isPresent()) {
      DurableFiles.deleteTree(spare.get());
      spare = Optional.empty();
    }
  }

  /** Makes the folder, and deletes what this or an earlier generation left behind in it. */
  void prepare() throws IOException {
    Files.createDirectories(folder);
    for (Path path : entries()) {
      Matcher left = LEFT_OVER.matcher(path.getFileName().toString());
      if (left.matches() && Long.parseLong(left.group(1)) <= generation) {
        DurableFiles.deleteTree(path);
      }
    }
  }

  /** Fencing: an attempt that has been replaced commits nothing any more. */
  void checkGeneration(String what) {
    byte[] record = JobRecord.bytes(jobFile);
    if (Arrays.equals(record, ownRecord)) {
      return;
    }
    long current = JobRecord.parse(jobFile, record).generation();
    if (current != generation) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          what
              + " of job "
              + job
              + " is not written: generation "
              + current
              + " has taken the job over and this is generation "
              + generation);
    }
    ownRecord = record;
  }

  /** Of this process or opened before. */
  private StoredCheckpoint known(long number) {
    return known.computeIfAbsent(number, this::open);
  }

  private StoredCheckpoint open(long number) {
    return new StoredCheckpoint(
        folder.resolve(Long.toString(number)), Manifest.FORMAT.read(manifestFile(number)));
  }

  private boolean hasManifest(long number) {
    return Manifest.FORMAT.check(manifestFile(number)).isEmpty();
  }

  private Path manifestFile(long number) {
    return folder.resolve(Long.toString(number)).resolve(Manifest.FILE);
  }

  private static boolean hasAllFiles(StoredCheckpoint stored) {
    return stored.manifest().parts().stream()
        .allMatch(part -> stored.path(part).toFile().length() == part.seal().bytes());
  }

  private static boolean isNeeded(StoredCheckpoint stored, Predicate<Manifest> isReferred) {
    return stored.isSavepoint() || isReferred.test(stored.manifest());
  }

  private EngineException unknown(long number) {
    return new EngineException(
        ErrorCode.NOT_FOUND,
        "job %s has no checkpoint %d; there is %s"
            .formatted(job, number, list().stream().map(StoredCheckpoint::number).toList()));
  }

  /**
   * Renamed first, so that a kill leaves no half checkpoint under a number. After a power cut it
   * may be back, older than all that are kept and with other bytes, which its checksums tell.
   */
  private void delete(long number) {
    known.remove(number);
    try {
      Path doomed = folder.resolve(number + ".pruned-" + generation);
      Files.move(folder.resolve(Long.toString(number)), doomed, StandardCopyOption.ATOMIC_MOVE);
      deleteSpare();
      spare = Optional.of(doomed);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "checkpoint " + number + " of job " + job + " cannot be pruned: " + e,
          e);
    }
  }

  /** Numbers of the committed checkpoints, newest first. */
  private List<Long> numbers() {
    return entries().stream()
        .map(path -> path.getFileName().toString())
        .filter(name -> COMMITTED.matcher(name).matches())
        .map(Long::valueOf)
        .sorted(Comparator.reverseOrder())
        .toList();
  }

  private List<Path> entries() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.toList();
    } catch (IOException | UncheckedIOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "checkpoints of job " + job + " cannot be listed: " + e, e);
    }
  }
}
