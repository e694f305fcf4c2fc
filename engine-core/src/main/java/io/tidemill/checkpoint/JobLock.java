package io.tidemill.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The exclusive right to a job's folder, lost with the process that holds it.
 *
 * <p>POSIX gives locks to processes and drops them when any descriptor of the file is closed, so
 * nothing else may open the lock file, and holders within this process are counted besides.
 */
final class JobLock implements AutoCloseable {
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final FileChannel channel;

  private JobLock(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /** The lock of this folder; empty where this or another process has it. */
  static Optional<JobLock> tryAcquire(Path folder) throws IOException {
    Path path = folder.toRealPath().resolve("lock");
    if (!HELD.add(path)) {
      return Optional.empty();
    }
    FileChannel channel = null;
    FileLock lock = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      lock = channel.tryLock();
      return lock == null ? Optional.empty() : Optional.of(new JobLock(path, channel));
    } finally {
      if (lock == null) {
        HELD.remove(path);
        if (channel != null) {
          channel.close();
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (channel.isOpen()) {
      channel.close();
      HELD.remove(path);
    }
  }
}
