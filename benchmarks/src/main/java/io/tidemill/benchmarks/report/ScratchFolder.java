package io.tidemill.benchmarks.report;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A folder that the processes of a benchmark write into; removed, with all in it, when closed.
 *
 * @param path where it lies
 */
public record ScratchFolder(Path path) implements AutoCloseable {
  /** A file system in memory, where there is one. */
  private static final Path MEMORY = Path.of("/dev/shm");

  /** Where temporary folders lie on this machine. */
  public static ScratchFolder create() {
    return createIn(Path.of(System.getProperty("java.io.tmpdir")), "tidemill-bench");
  }

  /** In memory where that can be had, so that no disk is measured. */
  public static ScratchFolder createInMemory() {
    return Files.isWritable(MEMORY) ? createIn(MEMORY, "tidemill-bench") : create();
  }

  /**
   * In another folder.
   *
   * @param name what its own name begins with
   * @throws EngineException RESOURCE where it cannot be made
   */
  public static ScratchFolder createIn(Path parent, String name) {
    try {
      return new ScratchFolder(Files.createTempDirectory(parent, name));
    } catch (IOException e) {
      throw failure(e);
    }
  }

  @Override
  public void close() {
    try {
      DurableFiles.deleteTree(path);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private static EngineException failure(IOException e) {
    return new EngineException(
        ErrorCode.RESOURCE, "the benchmark needs a temporary folder: " + e.getMessage(), e);
  }
}
