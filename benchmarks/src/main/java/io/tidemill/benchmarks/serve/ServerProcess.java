package io.tidemill.benchmarks.serve;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server in a process of its own.
 *
 * <p>It says on standard output where it listens: a line with {@code http://HOST:PORT}, or {@code
 * absent REASON} where it cannot run here. Confined to one thread.
 */
final class ServerProcess implements AutoCloseable {
  private static final long START_SECONDS = 180;
  private static final long STOP_SECONDS = 15;
  private static final String ABSENT = "absent ";
  private static final Pattern URL = Pattern.compile("http://[\\w.]+:\\d+");

  private final String name;
  private final Process process;
  private final Path log;
  private final long startedNs;
  private final ProcessUse use;

  /** Lines of the process, then an empty one when it has ended. */
  private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

  private String version = "";
  private URI url = URI.create("http://127.0.0.1");

  private ServerProcess(String name, Process process, Path log, long startedNs) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.startedNs = startedNs;
    this.use = new ProcessUse(process.toHandle());
    Thread.ofPlatform().daemon().name("output-of-" + name).start(this::read);
  }

  /** How a start went. */
  sealed interface Start {
    /** It listens. */
    record Listening(ServerProcess server) implements Start {}

    /** It cannot run here; the process has ended. */
    record Absent(String reason) implements Start {}
  }

  /**
   * Starts a process and waits until it says where it listens.
   *
   * @param environment what it finds in its environment beside what is in this process's
   * @param log takes its standard error
   * @throws EngineException RESOURCE where it ends without a word, or says nothing for minutes
   */
  static Start start(String name, List<String> command, Map<String, String> environment, Path log) {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(log.getParent().toFile()).redirectError(log.toFile());
    builder.environment().putAll(environment);
    long startedNs = System.nanoTime();
    ServerProcess server;
    try {
      server = new ServerProcess(name, builder.start(), log, startedNs);
    } catch (IOException e) {
      return new Start.Absent(e.getMessage().strip());
    }
    try {
      return server.awaitUrl();
    } catch (EngineException e) {
      server.close();
      throw e;
    }
  }

  String name() {
    return name;
  }

  /** What it says before its address: for peers, their parts with their versions. */
  String version() {
    return version;
  }

  /** Where it listens, without a path. */
  URI url() {
    return url;
  }

  /** When its process was started, by {@link System#nanoTime}. */
  long startedNs() {
    return startedNs;
  }

  /** What it and its children take of the machine. */
  ProcessUse use() {
    return use;
  }

  /** Asks it to end, with its children, and waits. */
  @Override
  public void close() {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().onExit().join();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly().onExit().join();
      Thread.currentThread().interrupt();
    }
    children.forEach(ProcessHandle::destroyForcibly);
  }

  private Start awaitUrl() {
    while (true) {
      String line = next();
      if (line.startsWith(ABSENT)) {
        close();
        return new Start.Absent(line.substring(ABSENT.length()));
      }
      Matcher found = URL.matcher(line);
      if (found.find()) {
        url = URI.create(found.group());
        version = line.substring(0, found.start()).replaceFirst(" at $", "");
        return new Start.Listening(this);
      }
    }
  }

  private String next() {
    try {
      Optional<String> line = lines.poll(START_SECONDS, TimeUnit.SECONDS);
      if (line == null) { // poll says so where nothing came in time
        throw failure("did not say where it listens within " + START_SECONDS + " s");
      }
      return line.orElseThrow(() -> failure("ended: " + lastLogLine()));
    } catch (InterruptedException e) {
      throw Interruption.of(e);
    }
  }

  private EngineException failure(String what) {
    return new EngineException(ErrorCode.RESOURCE, name + " " + what);
  }

  private String lastLogLine() {
    try {
      return Files.readAllLines(log).stream()
          .filter(line -> !line.isBlank())
          .reduce((_, last) -> last)
          .orElse("it wrote nothing on standard error");
    } catch (IOException e) {
      return "its standard error cannot be read: " + e.getMessage();
    }
  }

  /** Reads on while it lives: a process whose output nobody takes stands still. */
  private void read() {
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        lines.add(Optional.of(line));
      }
    } catch (IOException e) {
      // The process has ended, which the next line says.
    } finally {
      lines.add(Optional.empty());
    }
  }
}
