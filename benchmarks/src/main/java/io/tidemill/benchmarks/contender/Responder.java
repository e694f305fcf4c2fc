package io.tidemill.benchmarks.contender;

import io.tidemill.error.EngineException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;

/** The other end of a {@link Contender}, for a side that is written in Java. */
public final class Responder {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String PEAK = "VmHWM:";

  private final PrintStream out;
  private final DoubleUnaryOperator rate;

  /**
   * @param out where answers go
   * @param rate works for about so many seconds and gives units of work per second
   */
  public Responder(PrintStream out, DoubleUnaryOperator rate) {
    this.out = out;
    this.rate = rate;
  }

  /** Answers requests until they end. */
  public void serve(String framework, String version, InputStream requests) throws IOException {
    answer("ready " + framework + " " + version);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(requests, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      answer(reply(line));
    }
  }

  private String reply(String request) throws IOException {
    String[] words = request.split(" ", -1);
    try {
      return switch (words[0]) {
        case "run" -> figure(rate.applyAsDouble(Double.parseDouble(words[1])));
        case "memory" -> figure(peakMebibytes());
        default -> "failed unknown request " + request;
      };
    } catch (EngineException e) {
      return "failed " + e.getMessage().replaceAll("\\s+", " ");
    }
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  /** NaN where the system does not tell. */
  private static double peakMebibytes() throws IOException {
    if (!Files.isReadable(STATUS)) {
      return Double.NaN;
    }
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(PEAK))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
          .findFirst()
          .orElse(Double.NaN);
    }
  }

  private void answer(String line) {
    out.println(line);
    out.flush();
  }
}
