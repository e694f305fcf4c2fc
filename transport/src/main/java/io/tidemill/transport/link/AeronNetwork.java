package io.tidemill.transport.link;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.link.PeerLinks;
import io.tidemill.link.PeerNetwork;
import io.tidemill.transport.aeron.AeronClient;
import io.tidemill.transport.aeron.AeronSettings;
import io.tidemill.transport.aeron.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Links processes by Aeron UDP, at a numeric address of this host; each group has a port of its
 * own, and a media driver in this process, which the thread of its links runs.
 */
public final class AeronNetwork implements PeerNetwork {
  private static final AtomicInteger DRIVERS = new AtomicInteger();
  private static final String PREFIX = "tidemill-aeron-";
  private static final Path SHARED_MEMORY = Path.of("/dev/shm");
  private static final int IP_AND_UDP_HEADER_BYTES = 48;
  private static final int FRAME_ALIGNMENT = 32;
  private static final int SMALLEST_MTU = 1408;
  private static final int LARGEST_MTU = 65_504;

  private final InetAddress address;

  /** At an address of this host that the others reach. */
  public AeronNetwork(InetAddress address) {
    this.address = address;
  }

  @Override
  public PeerLinks lead(Group group) {
    return new AeronLinks(group, 0, listen());
  }

  @Override
  public PeerLinks join(Group group, int peer, String leader) {
    AeronLinks links = new AeronLinks(group, peer, listen());
    try {
      links.reach(0, leader);
    } catch (EngineException e) {
      links.close();
      throw e;
    }
    return links;
  }

  private Listener listen() {
    deleteEarlier();
    AeronClient client =
        AeronClient.embedded(AeronSettings.ofNetwork(directory()).withMtuBytes(mtuBytes(address)));
    try {
      String ip = address.getHostAddress().replaceFirst("%.*", ""); // the scope means nothing here
      return client.listenUdp((ip.contains(":") ? "[" + ip + "]" : ip) + ":0");
    } catch (EngineException e) {
      client.close();
      throw e;
    }
  }

  /** What the interface of an address carries in one piece. */
  static int mtuBytes(InetAddress address) {
    if (address.isLoopbackAddress()) {
      return LARGEST_MTU;
    }
    try {
      NetworkInterface network = NetworkInterface.getByInetAddress(address);
      int frames =
          network == null ? 0 : (network.getMTU() - IP_AND_UDP_HEADER_BYTES) / FRAME_ALIGNMENT;
      return Math.clamp((long) frames * FRAME_ALIGNMENT, SMALLEST_MTU, LARGEST_MTU);
    } catch (IOException e) {
      return SMALLEST_MTU;
    }
  }

  private static Path directory() {
    return folder()
        .resolve(PREFIX + ProcessHandle.current().pid() + "-" + DRIVERS.incrementAndGet());
  }

  private static Path folder() {
    return Files.isDirectory(SHARED_MEMORY)
        ? SHARED_MEMORY
        : Path.of(System.getProperty("java.io.tmpdir"));
  }

  /** Memory of drivers whose process was killed; nobody else would free it. */
  private static void deleteEarlier() {
    try (Stream<Path> files = Files.list(folder())) {
      List<Path> drivers =
          files.filter(file -> file.getFileName().toString().startsWith(PREFIX)).toList();
      for (Path driver : drivers) {
        String[] words = driver.getFileName().toString().substring(PREFIX.length()).split("-", 2);
        if (ProcessHandle.of(Long.parseLong(words[0])).isEmpty()) {
          delete(driver);
        }
      }
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the files of earlier media drivers cannot be deleted: " + e, e);
    }
  }

  private static void delete(Path driver) throws IOException {
    try (Stream<Path> files = Files.walk(driver)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
