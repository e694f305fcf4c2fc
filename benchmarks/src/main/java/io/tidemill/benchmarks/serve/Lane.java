package io.tidemill.benchmarks.serve;

import io.tidemill.benchmarks.contender.Windows;
import io.tidemill.benchmarks.serve.Question.Form;
import io.tidemill.benchmarks.serve.Wrk.Load;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A server of a contest with what has been measured of it. Confined to one thread. */
final class Lane implements AutoCloseable {
  private static final int WARM_UP_CONNECTIONS = 32;

  private final ServerProcess server;
  private final URI url;
  private final double startSeconds;
  private final Map<ServeCase, Figures> figures = new HashMap<>();
  private double residentMebibytes;

  /** A server that answers at this address. */
  private Lane(ServerProcess server, URI url, double startSeconds) {
    this.server = server;
    this.url = url;
    this.startSeconds = startSeconds;
  }

  /**
   * The windows of a case.
   *
   * @param rate requests a second
   * @param medianMs median latency
   * @param p99Ms latency that one in a hundred exceeds
   * @param cpuMicros processor time of the server for a request
   */
  record Figures(Windows rate, Windows medianMs, Windows p99Ms, Windows cpuMicros) {
    private Figures() {
      this(new Windows(), new Windows(), new Windows(), new Windows());
    }
  }

  /**
   * Waits for the first answer of a server, which has to be right.
   *
   * @param path where it takes requests
   */
  static Lane of(ServerProcess server, String path, AnswerCheck check, Form form) {
    URI url = server.url().resolve(path);
    return new Lane(server, url, check.firstAnswer(server, url, form));
  }

  String name() {
    return server.name();
  }

  /** Its parts with their versions. */
  String version() {
    return server.version();
  }

  URI url() {
    return url;
  }

  /** From the start of the process to its first answer. */
  double startSeconds() {
    return startSeconds;
  }

  /** After the last window. */
  double residentMebibytes() {
    return residentMebibytes;
  }

  Figures figures(ServeCase one) {
    return figures.get(one);
  }

  /** Works without being measured, in each form that will be. */
  void warmUp(Wrk wrk, List<Form> forms, double seconds) {
    for (Form form : forms) {
      wrk.run(name(), url, question(form), WARM_UP_CONNECTIONS, seconds);
    }
  }

  /** A window of a case; what came of it in words. */
  String measure(Wrk wrk, ServeCase one, double seconds) {
    double cpuBefore = server.use().cpuSeconds();
    Load load = wrk.run(name(), url, question(one.form()), one.connections(), seconds);
    double cpuMicros = (server.use().cpuSeconds() - cpuBefore) * 1e6 / load.requests();
    residentMebibytes = server.use().residentMebibytes();
    Figures of = figures.computeIfAbsent(one, _ -> new Figures());
    of.rate().add(load.perSecond());
    of.medianMs().add(load.medianMs());
    of.p99Ms().add(load.p99Ms());
    of.cpuMicros().add(cpuMicros);
    return String.format(
        Locale.ROOT,
        "%s: %s %.0f requests/s, p50 %.2f ms, p99 %.2f ms, %.0f us of processor a request, %.0f"
            + " MiB",
        one.name(),
        name(),
        load.perSecond(),
        load.medianMs(),
        load.p99Ms(),
        cpuMicros,
        residentMebibytes);
  }

  private static Question question(Form form) {
    return form.ask(List.of(Digit.of(0)));
  }

  @Override
  public void close() {
    server.close();
  }
}
