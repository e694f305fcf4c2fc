package io.tidemill.checkpoint;

import io.tidemill.storage.Json;
import io.tidemill.storage.SealedJson;
import java.time.Instant;
import java.util.List;

/**
 * What a checkpoint consists of; that it lies in a folder with its final name is the commit.
 *
 * @param checkpoint number of the checkpoint, growing over all runs of the job
 * @param generation attempt of the job that committed it
 * @param job name of the job
 * @param runId the run; a resumed run keeps it
 * @param created when it was committed
 * @param run what does not change in a run
 * @param progress how far the run had come
 * @param parts all files, sorted by name
 */
public record Manifest(
    long checkpoint,
    long generation,
    String job,
    String runId,
    Instant created,
    RunFacts run,
    Progress progress,
    List<Part> parts) {

  static final String FILE = "manifest.json";
  static final SealedJson<Manifest> FORMAT = new SealedJson<>(Json.mapper(), Manifest.class, 1, 0);

  public Manifest {
    parts = List.copyOf(parts);
  }
}
