package io.tidemill.model;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Deletes the old versions that one run has published while it went on.
 *
 * <p>Those of other runs stay, and so do the newest of its own: what a run ended with is never
 * deleted.
 */
final class VersionPruner {
  private final Path modelFolder;
  private final NamedVersions named;

  VersionPruner(Path modelFolder) {
    this.modelFolder = modelFolder;
    this.named = new NamedVersions(modelFolder);
  }

  /**
   * Deletes.
   *
   * @param ofRun all versions of the run, oldest first
   * @param kept how many of them stay whatever names them, at least 1
   * @param isSavepoint whether a checkpoint was asked for, by its number
   * @return the versions that were deleted
   */
  List<Integer> prune(List<StoredModel> ofRun, int kept, LongPredicate isSavepoint) {
    List<Integer> pruned = new ArrayList<>();
    for (StoredModel old : ofRun.subList(0, Math.max(0, ofRun.size() - kept))) {
      boolean isNeeded =
          isSavepoint.test(old.description().lineage().checkpoint())
              || named.contains(old.version());
      if (!isNeeded && delete(old)) {
        pruned.add(old.version());
      }
    }
    return pruned;
  }

  /**
   * Renamed before it is looked at again: whoever names a version makes sure afterwards that it is
   * there, so one of both sees the other.
   */
  private boolean delete(StoredModel old) {
    Path doomed =
        ModelFolders.working(modelFolder, old.version(), "old", old.description().lineage().job());
    try {
      Files.move(old.folder(), doomed, StandardCopyOption.ATOMIC_MOVE);
      if (named.contains(old.version())) {
        Files.move(doomed, old.folder(), StandardCopyOption.ATOMIC_MOVE);
        return false;
      }
      DurableFiles.deleteTree(doomed);
      return true;
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "version %d of model %s cannot be pruned: %s".formatted(old.version(), old.name(), e),
          e);
    }
  }
}
