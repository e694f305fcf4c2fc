package io.tidemill.serving.traffic;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import io.tidemill.storage.SealedJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The traffic of a model in its folder, {@code traffic.json}, so that it outlives a server and
 * holds for all servers of a store. Any process; the last to write wins.
 */
public final class TrafficFile {
  private static final SealedJson<Traffic> FORMAT = SealedJson.of(Traffic.class, 1, 1);

  private final Path path;

  public TrafficFile(Path modelFolder) {
    this.path = modelFolder.resolve("traffic.json");
  }

  /**
   * What it says; everything to the latest version where there is none.
   *
   * @throws EngineException CORRUPT_STATE where it is damaged
   */
  public Traffic read() {
    return Files.exists(path) ? FORMAT.read(path, Traffic.LATEST) : Traffic.LATEST;
  }

  /**
   * Replaces it.
   *
   * @throws EngineException RESOURCE where the disk is full or fails; the one before stays then
   */
  public void write(Traffic traffic) {
    Path temporary = path.resolveSibling(path.getFileName() + ".tmp");
    try {
      FORMAT.write(temporary, traffic);
      DurableFiles.rename(temporary, path);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the traffic cannot be written to " + path + ": " + e, e);
    }
  }
}
