package io.tidemill.cluster.local;

import io.tidemill.cluster.job.HostProcess;
import io.tidemill.cluster.job.ProcessEnd;
import io.tidemill.cluster.job.ProcessEnds;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A node in a process of its own that is started again whenever it ends, as a StatefulSet would.
 *
 * <p>Any thread may close it.
 */
public final class ChildProcess implements AutoCloseable {
  private static final long SHORT_LIFE_NS = 3_000_000_000L;
  private static final long PAUSE_MS = 1_000;

  /** A worker hands its jobs over before it leaves. */
  private static final long STOP_SECONDS = 20;

  private final String name;
  private final List<String> command;
  private final Path log;
  private final long respiteMs;
  private final ProcessEnds ends;
  private final Consumer<String> news;
  private Process process;
  private boolean isStopping;

  /**
   * Starts it.
   *
   * @param log what it prints is appended to this file
   * @param respiteMs how long after it was killed it is started again
   * @param ends where it is written how it ended
   * @param news told in one sentence when it has ended by itself
   */
  public ChildProcess(
      String name,
      List<String> command,
      Path log,
      long respiteMs,
      ProcessEnds ends,
      Consumer<String> news) {
    this.name = name;
    this.command = List.copyOf(command);
    this.log = log;
    this.respiteMs = respiteMs;
    this.ends = ends;
    this.news = news;
    this.process = start();
    Thread.ofPlatform().daemon().name("watch-" + name).start(this::watch);
  }

  /** Of the process that was started last. */
  public synchronized long pid() {
    return process.pid();
  }

  /** Asks it to end, waits, and ends it at last. */
  @Override
  public void close() {
    Process last;
    synchronized (this) {
      isStopping = true;
      last = process;
    }
    last.destroy();
    try {
      if (!last.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        last.destroyForcibly();
      }
    } catch (InterruptedException e) {
      last.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private Process start() {
    try {
      Files.createDirectories(log.getParent());
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
          .start();
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, name + " cannot be started: " + e, e);
    }
  }

  private void watch() {
    try {
      while (true) {
        long started = System.nanoTime();
        Process watched = process;
        long startedMs = HostProcess.of(watched.toHandle()).startedMs();
        ProcessEnd end = new ProcessEnd(watched.pid(), startedMs, watched.waitFor());
        ends.put(name, end);
        boolean cannotLive = System.nanoTime() - started < SHORT_LIFE_NS && !end.wasSignalled();
        TimeUnit.MILLISECONDS.sleep(cannotLive ? PAUSE_MS : respiteMs);
        synchronized (this) {
          if (isStopping) {
            return;
          }
          process = start();
        }
        news.accept(
            "%s: %s; started again as process %d, its words are in %s"
                .formatted(name, end.sentence(), process.pid(), log));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (EngineException e) {
      news.accept(e.getMessage());
    }
  }
}
