package io.tidemill.local;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.release.Release;
import io.tidemill.train.GangFile;
import io.tidemill.train.GangIdentity;
import io.tidemill.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Makes the memory that the trainings of one attempt share with other processes.
 *
 * <p>Its files are named after the folder of the job, the job, and the generation, so no two
 * attempts ever share one; those of earlier attempts, whose leading process was killed, are
 * deleted.
 */
final class Gangs {
  private final Path folder;
  private final String prefix;
  private final GangIdentity identity;

  /**
   * @param folder where the files lie
   * @param jobFolder of the job, which this process holds
   * @param identity of the attempt, its training left open
   */
  Gangs(Path folder, Path jobFolder, GangIdentity identity) {
    this.folder = folder;
    this.identity = identity;
    int place = jobFolder.toAbsolutePath().normalize().toString().hashCode();
    this.prefix = "tidemill-%08x-%s-".formatted(place, identity.job());
    deleteEarlier();
  }

  /** What the processes of an attempt have to agree on; the training is named later. */
  static GangIdentity identity(
      JobOptions options, long generation, DataflowGraph graph, Device device) {
    return new GangIdentity(
        options.job(),
        "",
        generation,
        options.workers(),
        graph.fingerprint(),
        options.seed(),
        Release.version(),
        device.description());
  }

  /** The memory of a training. */
  GangFile create(String vertex, Training<?> training, Path samples) {
    Path path = folder.resolve(prefix + identity.generation() + "-" + vertex + ".gang");
    return GangFile.create(path, identity.of(vertex, training), samples, training);
  }

  int ranksOf(String vertex, Training<?> training) {
    return identity.of(vertex, training).ranks();
  }

  private void deleteEarlier() {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> earlier =
          files.filter(file -> file.getFileName().toString().startsWith(prefix)).toList();
      for (Path file : earlier) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "processes cannot share memory in " + folder + ": " + e + "; name another folder",
          e);
    }
  }
}
