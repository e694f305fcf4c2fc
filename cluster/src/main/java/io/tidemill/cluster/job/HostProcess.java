package io.tidemill.cluster.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A process and where it runs, so that one on the same host can see whether it lives, and end it.
 *
 * @param host names the kernel, its process numbers and its network: containers of one machine
 *     differ, and silence between two networks is no sign of death
 * @param pid its number
 * @param startedMs when it began, since numbers are used again; 0 where the system does not say
 */
public record HostProcess(String host, long pid, long startedMs) {
  private static final String HERE = here();

  /** This process. */
  public static HostProcess current() {
    return of(ProcessHandle.current());
  }

  /** A process of this host. */
  public static HostProcess of(ProcessHandle process) {
    return new HostProcess(HERE, process.pid(), startedMs(process));
  }

  /** What {@link #text()} has said. */
  public static HostProcess parse(String text) {
    String[] words = text.split(" ", 3);
    return new HostProcess(words[2], Long.parseLong(words[0]), Long.parseLong(words[1]));
  }

  /** As one line. */
  public String text() {
    return pid + " " + startedMs + " " + host;
  }

  /** Whether it runs where this process does. */
  public boolean isHere() {
    return host.equals(HERE);
  }

  /** Whether it lives, where that can be seen from here. */
  public boolean isKnownDead() {
    return isHere() && handle().isEmpty();
  }

  /** Ends it at once where it runs here, also when it is stopped; whether it could be reached. */
  public boolean kill() {
    return isHere() && handle().map(ProcessHandle::destroyForcibly).orElse(false);
  }

  private Optional<ProcessHandle> handle() {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(found -> startedMs == 0 || startedMs(found) == startedMs);
  }

  private static long startedMs(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static String here() {
    String processes = link("/proc/self/ns/pid");
    String network = link("/proc/self/ns/net");
    return read("/proc/sys/kernel/random/boot_id") + "/" + processes + "/" + network;
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static String link(String file) {
    try {
      return Files.readSymbolicLink(Path.of(file)).toString();
    } catch (IOException e) {
      return "unknown";
    }
  }
}
