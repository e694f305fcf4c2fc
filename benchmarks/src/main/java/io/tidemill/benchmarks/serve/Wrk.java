package io.tidemill.benchmarks.serve;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * The load generator wrk, which sends one request over and over on a number of connections, each as
 * soon as it has its answer. Confined to one thread, which waits for it.
 *
 * @param folder where its scripts go
 * @see <a href="https://github.com/wg/wrk">wrk</a>
 */
record Wrk(Path folder) {
  private static final String PROGRAM = "wrk";
  private static final String RESULT = "result ";

  /** One thread of it outruns any server here; a second would take a core from the server. */
  private static final String THREADS = "-t1";

  /** What is written of a run: see {@link Load#parse}. */
  private static final String DONE =
      """
      done = function(summary, latency, requests)
        local e = summary.errors
        io.write(string.format("result %d %d %d %d %d %d\\n", summary.requests, summary.duration,
          latency:percentile(50), latency:percentile(99), e.status,
          e.connect + e.read + e.write + e.timeout))
      end
      """;

  /**
   * What came of a run.
   *
   * @param requests that were answered
   * @param seconds it took
   * @param medianMs median latency
   * @param p99Ms latency that one in a hundred exceeds
   */
  record Load(long requests, double seconds, double medianMs, double p99Ms) {
    double perSecond() {
      return requests / seconds;
    }

    /**
     * Reads the line {@code result REQUESTS MICROSECONDS P50 P99 REFUSED BROKEN}, which the script
     * has wrk write.
     *
     * @throws EngineException INTERNAL where it is not there, or where a request failed: a rate of
     *     refusals is none
     */
    static Load parse(String side, List<String> output) {
      String line =
          output.stream()
              .filter(one -> one.startsWith(RESULT))
              .findFirst()
              .orElseThrow(
                  () ->
                      failure(
                          "wrk against %s printed no result: %s"
                              .formatted(side, String.join(" ", output))));
      String[] words = line.substring(RESULT.length()).split(" ", -1);
      long[] figures = new long[words.length];
      for (int i = 0; i < words.length; i++) {
        figures[i] = Long.parseLong(words[i]);
      }
      if (figures[4] + figures[5] > 0) {
        throw failure(
            "%s failed under load: of %d requests %d were refused and %d broken"
                .formatted(side, figures[0], figures[4], figures[5]));
      }
      if (figures[0] == 0) {
        throw failure(side + " answered nothing while it was measured");
      }
      return new Load(figures[0], figures[1] / 1e6, figures[2] / 1e3, figures[3] / 1e3);
    }
  }

  /**
   * Fails where there is no wrk.
   *
   * @throws EngineException NOT_FOUND that says how to get it
   */
  static void require() {
    try {
      Process process = new ProcessBuilder(PROGRAM, "-v").redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      process.waitFor();
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "bench serve makes its load with wrk, which is not on the PATH: install it, for example"
              + " by apt-get install wrk",
          e);
    } catch (InterruptedException e) {
      throw Interruption.of(e);
    }
  }

  /** Puts a load on an address. */
  Load run(String side, URI url, Question question, int connections, double seconds) {
    // wrk counts in whole seconds.
    List<String> command =
        List.of(
            PROGRAM,
            THREADS,
            "-c" + connections,
            "-d" + (long) Math.ceil(seconds) + "s",
            "--timeout",
            "30s",
            "-s",
            script(question).toString(),
            url.toString());
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (BufferedReader lines = process.inputReader()) {
        List<String> output = lines.lines().toList();
        process.waitFor();
        return Load.parse(side, output);
      } finally {
        process.destroyForcibly();
        process.waitFor(1, TimeUnit.SECONDS);
      }
    } catch (IOException e) {
      throw failure("wrk cannot be run: " + e.getMessage());
    } catch (InterruptedException e) {
      throw Interruption.of(e);
    }
  }

  /** The program of wrk that sends a request; its body lies in a file beside it. */
  Path script(Question question) {
    try {
      Path body = Files.createTempFile(folder, "body", "");
      Files.write(body, question.body());
      String headers =
          question.headers().entrySet().stream()
              .map(
                  header ->
                      String.format(
                          Locale.ROOT,
                          "wrk.headers[%s] = %s\n",
                          quoted(header.getKey()),
                          quoted(header.getValue())))
              .collect(Collectors.joining());
      String text =
          "wrk.method = \"POST\"\n"
              + headers
              + "local file = assert(io.open("
              + quoted(body.toString())
              + ", \"rb\"))\nwrk.body = file:read(\"*a\")\nfile:close()\n"
              + DONE;
      return Files.writeString(Files.createTempFile(folder, "load", ".lua"), text);
    } catch (IOException e) {
      throw failure("the script of wrk cannot be written: " + e.getMessage());
    }
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static EngineException failure(String what) {
    return new EngineException(ErrorCode.RESOURCE, what);
  }
}
