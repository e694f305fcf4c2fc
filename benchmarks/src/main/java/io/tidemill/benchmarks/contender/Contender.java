package io.tidemill.benchmarks.contender;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process that measures one side when it is asked to, and is idle in between: so sides can take
 * turns, and noise of the machine hits all alike.
 *
 * <p>It is asked by lines on its standard input and answers each by one line on standard output:
 * {@code run SECONDS} by a rate, {@code memory} by its peak resident memory in MiB. Its first line
 * is {@code ready FRAMEWORK VERSION}, or {@code absent REASON}. {@code failed SENTENCE} instead of
 * a figure says what went wrong. It ends with its standard input.
 *
 * <p>Confined to one thread.
 */
public final class Contender implements AutoCloseable {
  /** Long enough for compilers of peers. */
  private static final Duration START_PATIENCE = Duration.ofMinutes(5);

  private static final Duration ANSWER_PATIENCE = Duration.ofMinutes(2);
  private static final String READY = "ready ";
  private static final String ABSENT = "absent ";
  private static final String FAILED = "failed ";

  private final String name;
  private final Process process;
  private final Path log;
  private final BufferedWriter requests;

  /** Lines of the process, then an empty one when it has ended. */
  private final BlockingQueue<Optional<String>> answers = new LinkedBlockingQueue<>();

  private String version = "";

  private Contender(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.requests = process.outputWriter();
    Thread.ofPlatform().daemon().name("answers-of-" + name).start(this::readAnswers);
  }

  /** How a start went. */
  public sealed interface Start {
    /** It can be asked. */
    record Ready(Contender contender) implements Start {}

    /** It cannot run here; the process has ended. */
    record Absent(String reason) implements Start {}
  }

  /**
   * Starts a process and waits until it can be asked.
   *
   * @param environment what it finds in its environment beside what is in this process's
   * @param log takes its standard error
   */
  public static Start start(
      String name, List<String> command, Map<String, String> environment, Path log) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return new Start.Absent(e.getMessage().strip());
    }
    Contender contender = new Contender(name, process, log);
    try {
      return contender.awaitReady();
    } catch (EngineException e) {
      contender.close();
      throw e;
    }
  }

  public String name() {
    return name;
  }

  /** Framework and version, for example {@code jax 0.10.2}. */
  public String version() {
    return version;
  }

  /** Has it work for about so long; units of work per second. */
  public double rate(double seconds) {
    return figure(ask("run " + seconds, ANSWER_PATIENCE.plusMillis((long) (seconds * 3_000))));
  }

  /** Its peak resident memory in MiB; empty where the system does not tell. */
  public OptionalDouble memoryMebibytes() {
    double figure = figure(ask("memory", ANSWER_PATIENCE));
    return Double.isNaN(figure) ? OptionalDouble.empty() : OptionalDouble.of(figure);
  }

  /** Ends the process, and waits until it has gone: it writes no file behind our back. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  private Start awaitReady() {
    String line = answer(START_PATIENCE);
    if (line.startsWith(ABSENT)) {
      close();
      return new Start.Absent(line.substring(ABSENT.length()));
    }
    if (!line.startsWith(READY)) {
      throw failure("said \"" + line + "\" at its start, expected \"" + READY + "…\"");
    }
    version = line.substring(READY.length());
    return new Start.Ready(this);
  }

  private double figure(String line) {
    try {
      return Double.parseDouble(line);
    } catch (NumberFormatException e) {
      throw failure("answered \"" + line + "\", expected a number");
    }
  }

  private String ask(String request, Duration patience) {
    try {
      requests.write(request + "\n");
      requests.flush();
    } catch (IOException e) {
      throw ended();
    }
    return answer(patience);
  }

  private String answer(Duration patience) {
    Optional<String> line;
    try {
      line = answers.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineException(ErrorCode.RESOURCE, "the benchmark was interrupted", e);
    }
    if (line == null) { // poll says so where nothing came in time
      throw failure("did not answer within " + patience.toSeconds() + " s");
    }
    String text = line.orElseThrow(this::ended);
    if (text.startsWith(FAILED)) {
      throw failure("failed: " + text.substring(FAILED.length()));
    }
    return text;
  }

  private EngineException ended() {
    return failure("ended: " + lastLogLine());
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

  private void readAnswers() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answers.add(Optional.of(line));
      }
    } catch (IOException e) {
      // The process has ended, which the next line says.
    } finally {
      answers.add(Optional.empty());
    }
  }
}
