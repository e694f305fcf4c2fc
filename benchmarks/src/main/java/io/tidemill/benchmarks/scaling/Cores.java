package io.tidemill.benchmarks.scaling;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The cores that this process may use, to give each process of a measurement one of its own by
 * {@code taskset}: a process of one thread has a compiler, too, which is not to run beside it.
 *
 * @param numbers as the system counts them
 */
record Cores(List<Integer> numbers) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String ALLOWED = "Cpus_allowed_list:";

  Cores {
    numbers = List.copyOf(numbers);
  }

  /**
   * Those that there are.
   *
   * @throws EngineException RESOURCE where there are fewer than needed
   */
  static Cores atLeast(int needed) {
    Cores cores = parse(allowed());
    if (cores.numbers.size() < needed) {
      throw new EngineException(
          ErrorCode.RESOURCE,
          "bench scaling gives each process a core of its own: expected %d cores or more, found %d"
              .formatted(needed, cores.numbers.size()));
    }
    return cores;
  }

  /** From the kernel's form, {@code 0-3,8}. */
  static Cores parse(String list) {
    List<Integer> numbers = new ArrayList<>();
    for (String range : list.split(",", -1)) {
      String[] ends = range.strip().split("-", -1);
      int last = Integer.parseInt(ends[ends.length - 1]);
      IntStream.rangeClosed(Integer.parseInt(ends[0]), last).forEach(numbers::add);
    }
    return new Cores(numbers);
  }

  /** The same command, kept to one core. */
  List<String> on(int index, List<String> command) {
    List<String> kept = new ArrayList<>(List.of("taskset", "-c", numbers.get(index).toString()));
    kept.addAll(command);
    return kept;
  }

  /** In the form that {@link #parse} takes. */
  @Override
  public String toString() {
    return String.join(",", numbers.stream().map(String::valueOf).toList());
  }

  private static String allowed() {
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(ALLOWED))
          .map(line -> line.substring(ALLOWED.length()).strip())
          .findFirst()
          .orElseThrow(() -> new IOException(STATUS + " has no line " + ALLOWED));
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "bench scaling needs Linux, to keep processes to a core", e);
    }
  }
}
