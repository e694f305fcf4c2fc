package io.tidemill.local;

import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.link.PeerLinks;
import io.tidemill.link.PeerNetwork;
import io.tidemill.release.Release;
import io.tidemill.storage.DurableFiles;
import io.tidemill.train.GangFile;
import io.tidemill.train.GangHosts;
import io.tidemill.train.GangIdentity;
import io.tidemill.train.Training;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Makes the memory that the trainings of one attempt share with other processes, and the ways to
 * other hosts.
 *
 * <p>Its files are named after the folder of the job, the job, and the generation, so no two
 * attempts ever share one; those of earlier attempts, whose leading process was killed, are
 * deleted.
 */
final class Gangs {
  /** Of a file that is the memory of a training. */
  static final String EXTENSION = ".gang";

  private final Path folder;
  private final String prefix;
  private final GangIdentity identity;
  private final PeerNetwork network;
  private final String secret;

  /**
   * @param folder where the files lie
   * @param jobFolder of the job, which this process holds
   * @param identity of the attempt, its training left open
   */
  Gangs(Path folder, Path jobFolder, GangIdentity identity, PeerNetwork network) {
    this.folder = folder;
    this.identity = identity;
    this.network = network;
    int place = jobFolder.toAbsolutePath().normalize().toString().hashCode();
    this.prefix = "tidemill-%08x-%s-".formatted(place, identity.job());
    this.secret = TaskRendezvous.newSecret();
    deleteEarlier(folder, prefix, "");
  }

  /** What the processes of an attempt have to agree on; the training is named later. */
  static GangIdentity identity(
      JobOptions options, GangHosts hosts, long generation, DataflowGraph graph, Device device) {
    return new GangIdentity(
        options.job(),
        "",
        generation,
        hosts,
        graph.fingerprint(),
        options.seed(),
        Release.version(),
        device.description());
  }

  /** Who talks to whom about a training. */
  static PeerNetwork.Group group(GangIdentity identity, String secret) {
    return new PeerNetwork.Group(
        "training " + identity.training() + " of job " + identity.job(),
        identity.generation(),
        secret,
        identity.hosts().count(),
        identity.encode());
  }

  /** The memory of a training. */
  GangFile create(String vertex, Training<?> training, Path samples, Device device) {
    Path path = folder.resolve(prefix + identity.generation() + "-" + vertex + EXTENSION);
    return GangFile.create(path, identity.of(vertex, training), samples, training, device);
  }

  /** The ways to its other hosts; none where there is no other. */
  Optional<PeerLinks> lead(String vertex, Training<?> training) {
    GangIdentity own = identity.of(vertex, training);
    return own.hosts().count() == 1
        ? Optional.empty()
        : Optional.of(network.lead(group(own, secret)));
  }

  /** Where the processes of a training meet. */
  Rendezvous rendezvous(TrainingRun run) {
    String address = run.links().map(PeerLinks::address).orElse("");
    return new Rendezvous(
        run.vertex(),
        run.file().orElseThrow().path(),
        identity.generation(),
        run.hosts(),
        address,
        secret);
  }

  GangHosts hostsOf(String vertex, Training<?> training) {
    return identity.of(vertex, training).hosts();
  }

  /**
   * Deletes what earlier attempts have left in a folder: files and folders with a prefix, and of
   * another host where several are one machine.
   */
  static void deleteEarlier(Path folder, String prefix, String suffix) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> earlier =
          files
              .filter(file -> file.getFileName().toString().startsWith(prefix))
              .filter(file -> file.getFileName().toString().endsWith(suffix))
              .toList();
      for (Path file : earlier) {
        DurableFiles.deleteTree(file);
      }
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "processes cannot share memory in " + folder + ": " + e + "; name another folder",
          e);
    }
  }
}
