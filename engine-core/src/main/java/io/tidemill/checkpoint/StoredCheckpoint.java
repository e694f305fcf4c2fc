package io.tidemill.checkpoint;

import io.tidemill.storage.Damage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A committed checkpoint.
 *
 * @param folder where it lies
 * @param manifest what it consists of
 */
public record StoredCheckpoint(Path folder, Manifest manifest) {
  /** A checkpoint with a file of this name is kept until somebody deletes it. */
  static final String SAVEPOINT = "savepoint";

  public long number() {
    return manifest.checkpoint();
  }

  /** Whether it was asked for, and is kept. */
  public boolean isSavepoint() {
    return Files.exists(folder.resolve(SAVEPOINT));
  }

  /** The parts that instances of this operator wrote of this kind, by subtask. */
  public List<Part> parts(String vertex, String kind) {
    return manifest.parts().stream()
        .filter(part -> part.vertex().equals(vertex) && part.kind().equals(kind))
        .sorted((a, b) -> Integer.compare(a.subtask(), b.subtask()))
        .toList();
  }

  /** Where a part lies. */
  public Path path(Part part) {
    return folder.resolve(part.file());
  }

  /** The bytes of a part, checked again. */
  public byte[] read(Part part) {
    return part.seal().read(path(part));
  }

  /** The first part that is not what was written; empty where all are whole. */
  public Optional<Damage> damage() {
    return manifest.parts().stream()
        .flatMap(part -> part.seal().check(path(part)).stream())
        .findFirst();
  }
}
