package io.tidemill.local;

import io.tidemill.train.GangHosts;
import java.nio.file.Path;

/**
 * Where the ranks of a training meet, for one attempt.
 *
 * @param training the vertex of the pipeline that trains
 * @param memory file that the processes of the leading host map
 * @param generation of the attempt, which all have to name
 * @param hosts how the ranks lie on hosts
 * @param address of the leading host for the others; empty where there is none
 * @param secret that only the processes of the attempt are told; empty likewise
 */
public record Rendezvous(
    String training, Path memory, long generation, GangHosts hosts, String address, String secret) {
  /** Ranks of the training, that of the leading process included. */
  public int ranks() {
    return hosts.allRanks();
  }

  /** The file that the processes of a host map, made by the process of its first rank. */
  Path memoryOf(int host) {
    return memory.resolveSibling(memory.getFileName() + suffix(host));
  }

  /**
   * Deletes what processes of a host that were killed have left of earlier attempts.
   *
   * @param folder of {@link #memoryOf}, or of something that is called the same
   */
  void deleteEarlier(Path folder, int host) {
    String name = memory.getFileName().toString();
    String ofAttempt = generation + "-" + training + Gangs.EXTENSION;
    String prefix = name.substring(0, name.length() - ofAttempt.length());
    Gangs.deleteEarlier(folder, prefix, suffix(host));
  }

  /** Several hosts may be one machine. */
  private static String suffix(int host) {
    return host == 0 ? "" : "-host-" + host;
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "rendezvous of %s at %s %s, generation %d, ranks %s"
        .formatted(training, memory, address, generation, hosts);
  }
}
