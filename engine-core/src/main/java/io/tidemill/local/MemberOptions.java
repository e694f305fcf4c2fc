package io.tidemill.local;

import io.tidemill.link.PeerNetwork;
import io.tidemill.train.GangHosts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Has each {@linkplain JobOptions#workers worker} of a job but the first be a process of its own,
 * on this host or on others.
 *
 * <p>With a network, tasks of the job are spread over the workers; without one, all but the ranks
 * of trainings run in the leading process.
 *
 * @param members starts the processes
 * @param hosts how the workers lie on hosts; all on this one where empty
 * @param network to reach the other workers by
 * @param folder where memory that processes share lies; it should not be on a disk
 * @param patience for how long a process may be silent before it counts as lost
 * @param joinPatience for how long a rank may wait for its process
 */
public record MemberOptions(
    Members members,
    Optional<GangHosts> hosts,
    PeerNetwork network,
    Path folder,
    Duration patience,
    Duration joinPatience) {
  /** Silent for so long. */
  static final Duration PATIENCE = Duration.ofMillis(1500);

  static final Duration JOIN_PATIENCE = Duration.ofMinutes(1);

  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  /** Of a job in one process. */
  static final MemberOptions NONE = of(_ -> {});

  /** In {@code /dev/shm} where there is one; silent for 1.5 s, and a minute to join. */
  public static MemberOptions of(Members members) {
    Path folder =
        Files.isDirectory(SHARED_MEMORY)
            ? SHARED_MEMORY
            : Path.of(System.getProperty("java.io.tmpdir"));
    return new MemberOptions(
        members, Optional.empty(), PeerNetwork.NONE, folder, PATIENCE, JOIN_PATIENCE);
  }

  /** On several hosts. */
  public MemberOptions withHosts(GangHosts hosts, PeerNetwork network) {
    return new MemberOptions(members, Optional.of(hosts), network, folder, patience, joinPatience);
  }

  /** On this host, with a network for records. */
  public MemberOptions withNetwork(PeerNetwork network) {
    return new MemberOptions(members, hosts, network, folder, patience, joinPatience);
  }

  public MemberOptions withFolder(Path folder) {
    return new MemberOptions(members, hosts, network, folder, patience, joinPatience);
  }

  public MemberOptions withPatience(Duration patience) {
    return new MemberOptions(members, hosts, network, folder, patience, joinPatience);
  }

  public MemberOptions withJoinPatience(Duration joinPatience) {
    return new MemberOptions(members, hosts, network, folder, patience, joinPatience);
  }
}
