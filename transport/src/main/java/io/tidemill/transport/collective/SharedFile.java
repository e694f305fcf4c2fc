package io.tidemill.transport.collective;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.aeron.Identity.Standing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;

/**
 * The file through which processes of a host share the memory of a group.
 *
 * <p>It appears whole, with its header, by a rename, and every byte of it is written before: where
 * memory is short, that is an error here and no signal to the process later. Who opens, makes or
 * removes it holds the lock of a file beside it, which the system drops when a process is killed.
 */
final class SharedFile {
  private static final SecureRandom NONCES = new SecureRandom();
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final int BLOCK_BYTES = 1 << 20;

  private SharedFile() {}

  /** Maps the group's file, which is made where there is none; takes the rank's place. */
  static SharedMemory join(Path file, Group group, int rank) {
    return locked(
        file,
        () -> {
          SharedMemory memory = openOrMake(file, group);
          if (!memory.join(rank)) {
            memory.refuse();
            memory.close();
            throw refusal(file, "%s already has its rank %d".formatted(group, rank));
          }
          return memory;
        });
  }

  /** Removes the file when it is of no more use, and unmaps it. */
  static void leave(Path file, Group group, SharedMemory memory) {
    locked(
        file,
        () -> {
          if (isOver(group, memory) && isStill(file, memory)) {
            Files.delete(file);
          }
          memory.close();
          return memory;
        });
  }

  private static boolean isOver(Group group, SharedMemory memory) {
    boolean haveAllLeft = true;
    for (int rank = 0; rank < group.ranks(); rank++) {
      haveAllLeft &= memory.hasLeft(rank);
    }
    return haveAllLeft || memory.hasEnded();
  }

  private static boolean isStill(Path file, SharedMemory memory) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    try (SharedMemory there = map(file, SharedMemory.HEADER_BYTES)) {
      return there.magic() == SharedMemory.MAGIC && there.nonce() == memory.nonce();
    }
  }

  private static SharedMemory openOrMake(Path file, Group group) throws IOException {
    if (Files.exists(file) && isOurs(file, group)) {
      return map(file, SharedMemory.bytes(group));
    }
    return make(file, group);
  }

  /** False where an older generation left the file behind; anything else is refused. */
  private static boolean isOurs(Path file, Group group) throws IOException {
    if (Files.size(file) < SharedMemory.HEADER_BYTES) {
      throw noSuchFile(file);
    }
    try (SharedMemory there = map(file, SharedMemory.HEADER_BYTES)) {
      if (there.magic() != SharedMemory.MAGIC) {
        throw noSuchFile(file);
      }
      return isOurs(file, group, there);
    }
  }

  private static boolean isOurs(Path file, Group group, SharedMemory there) {
    long generation = there.identity().generation();
    Standing standing = group.credentials().standingOf(there.identity());
    if (standing == Standing.OLDER_GENERATION) {
      there.end(
          "group %s, generation %d is over: generation %d has begun"
              .formatted(group.id(), generation, group.generation()));
      return false;
    }
    if (standing != Standing.MEMBER) {
      there.refuse();
    }
    return switch (standing) {
      case STRANGER ->
          throw refusal(file, "it is another group's than " + group + ", or has another secret");
      case NEWER_GENERATION ->
          throw refusal(file, "%s is over: generation %d has begun".formatted(group, generation));
      case OTHER_LAYOUT ->
          throw refusal(file, group + " has other numbers of ranks, leaves or floats there");
      case MEMBER, OLDER_GENERATION -> {
        if (there.hasEnded()) {
          throw refusal(file, there.reason());
        }
        yield true;
      }
    };
  }

  private static SharedMemory make(Path file, Group group) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".draft");
    Files.deleteIfExists(draft);
    Files.createFile(draft, OWNER_ALONE);
    try {
      fill(draft, SharedMemory.bytes(group));
      SharedMemory memory = map(draft, SharedMemory.bytes(group));
      memory.writeHeader(group.credentials().identity(), NONCES.nextLong());
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      return memory;
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  private static void fill(Path draft, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(BLOCK_BYTES);
    try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
      for (long rest = bytes; rest > 0; ) {
        zeros.clear().limit((int) Math.min(BLOCK_BYTES, rest));
        rest -= channel.write(zeros);
      }
    }
  }

  @SuppressWarnings("MustBeClosedChecker") // what is returned closes it
  private static SharedMemory map(Path file, long bytes) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return new SharedMemory(arena, channel.map(MapMode.READ_WRITE, 0, bytes, arena));
    } catch (IOException e) {
      arena.close();
      throw e;
    }
  }

  /** Work on files. */
  private interface Work {
    SharedMemory run() throws IOException;
  }

  /** One process at a time, and one thread of it: locks of files are a process's. */
  private static synchronized SharedMemory locked(Path file, Work work) {
    Path lockFile = file.resolveSibling(file.getFileName() + ".lock");
    try (FileChannel channel =
            FileChannel.open(
                lockFile,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                OWNER_ALONE);
        FileLock _ = channel.lock()) {
      return work.run();
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "shared memory %s cannot be used: %s; it needs room in a file system in memory"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private static EngineException refusal(Path file, String why) {
    return new EngineException(ErrorCode.RESOURCE, "shared memory %s: %s".formatted(file, why));
  }

  private static EngineException noSuchFile(Path file) {
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "%s is no shared memory of a group; remove it, or give another path".formatted(file));
  }
}
