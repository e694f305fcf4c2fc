package io.tidemill.transport.collective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranks that are processes, one of which is killed. */
final class ProcessesTest {
  private static final long ENDLESS = Long.MAX_VALUE;

  @TempDir private Path folder;
  private final List<Child> children = new ArrayList<>();

  @AfterEach
  void kill() {
    children.forEach(child -> child.process.destroyForcibly().onExit().join());
  }

  @ParameterizedTest
  @CsvSource({"FILE, 2", "FILE, 3", "IPC, 2", "IPC, 3", "UDP, 2", "UDP, 3"})
  void processesGetTheSumOfTheTreeAndLeaveInPeace(String lane, int ranks) {
    int expected = RankProcess.hashOfOracle();

    start(lane, ranks, 20);

    for (Child child : children) {
      assertEquals("sum " + expected, child.line());
    }
    for (Child child : children) {
      assertEquals("done", child.line());
      assertEquals(0, child.process.onExit().join().exitValue());
    }
  }

  @ParameterizedTest
  @CsvSource({"FILE, 2, 0", "FILE, 3, 1", "IPC, 2, 1", "IPC, 3, 0", "UDP, 2, 0", "UDP, 3, 2"})
  void theOthersEndWithinThePatienceWhenOneIsKilled(String lane, int ranks, int victim) {
    start(lane, ranks, ENDLESS);
    for (Child child : children) {
      assertTrue(child.line().startsWith("sum "));
    }

    children.get(victim).process.destroyForcibly().onExit().join(); // kill -9
    long killedNs = System.nanoTime();

    for (int rank = 0; rank < ranks; rank++) {
      if (rank != victim) {
        String line = children.get(rank).line();
        long waitedMs = (System.nanoTime() - killedNs) / 1_000_000;
        String expected =
            "ended group processes, generation 3: rank " + victim + " has been silent for ";
        assertTrue(line.startsWith(expected), line);
        assertTrue(waitedMs < 2 * RankProcess.SILENCE.toMillis(), waitedMs + " ms");
      }
    }
  }

  private void start(String lane, int ranks, long operations) {
    for (int rank = 0; rank < ranks; rank++) {
      children.add(Child.start(lane, folder, rank, ranks, operations));
    }
    if (!lane.equals("FILE")) {
      List<String> addresses = children.stream().map(Child::line).toList();
      children.forEach(child -> child.tell(addresses));
    }
  }

  /** A process, and what it says. */
  private record Child(Process process, BlockingQueue<String> lines) {
    static Child start(String lane, Path folder, int rank, int ranks, long operations) {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
          .filter(flag -> !flag.startsWith("-agent") && !flag.startsWith("-javaagent"))
          .forEach(command::add);
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.add(RankProcess.class.getName());
      command.addAll(List.of(lane, folder.toString(), "" + rank, "" + ranks, "" + operations));
      try {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectError(folder.resolve("rank-" + rank + ".log").toFile());
        Process process = builder.start();
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Thread.ofPlatform().daemon().start(() -> read(process, lines));
        return new Child(process, lines);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** The next line, which comes within half a minute. */
    String line() {
      try {
        String line = lines.poll(30, TimeUnit.SECONDS);
        return line == null ? "nothing within 30 s" : line;
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }

    void tell(List<String> told) {
      try {
        BufferedWriter writer = process.outputWriter();
        writer.write(String.join("\n", told) + "\n");
        writer.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void read(Process process, BlockingQueue<String> lines) {
      try (BufferedReader reader = process.inputReader()) {
        reader.lines().forEach(lines::add);
      } catch (IOException | UncheckedIOException e) {
        lines.add("cannot be read: " + e.getMessage());
      }
      lines.add("its output has ended");
    }
  }
}
