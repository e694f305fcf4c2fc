package io.tidemill.cluster.job;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * The sign of life of the head that decides: {@code cluster/beat} in the state directory, with its
 * address, written anew every second. By it a head that begins sees that there is a cluster, though
 * it may reach nobody: a network can be cut where a file system is not.
 *
 * <p>It is news, not state: what cannot be written or read is left out. Confined to one thread;
 * other processes may read and write at the same time.
 */
public final class HeadBeat {
  private static final long PERIOD_NS = 1_000_000_000L;

  /** Longer than it takes until another head has taken over. */
  private static final long FRESH_MS = 30_000;

  private final Path file;
  private Optional<Long> lastNs = Optional.empty();

  public HeadBeat(Path state) {
    this.file = state.resolve("cluster").resolve("beat");
  }

  /** The head at this address decides; does nothing where it has said so within a second. */
  public void beat(String address, long nowNs) {
    if (lastNs.isPresent() && nowNs - lastNs.get() < PERIOD_NS) {
      return;
    }
    lastNs = Optional.of(nowNs);
    try {
      Files.createDirectories(file.getParent());
      Path written = file.resolveSibling("beat.tmp");
      Files.write(written, address.getBytes(StandardCharsets.US_ASCII));
      Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      // the next may be seen
    }
  }

  /** The address of the head that has decided last, where that is less than half a minute ago. */
  public Optional<String> latest() {
    try {
      // Times are those of one clock, which need not be this machine's.
      Path probe = Files.createTempFile(file.getParent(), "beat", ".now");
      long nowMs = modifiedMs(probe);
      Files.delete(probe);
      long ageMs = nowMs - modifiedMs(file);
      return ageMs < FRESH_MS
          ? Optional.of(Files.readString(file, StandardCharsets.US_ASCII))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static long modifiedMs(Path path) throws IOException {
    return Files.getLastModifiedTime(path).toMillis();
  }
}
