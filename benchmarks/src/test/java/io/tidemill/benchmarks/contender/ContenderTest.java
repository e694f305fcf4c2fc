package io.tidemill.benchmarks.contender;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.benchmarks.contender.Contender.Start;
import io.tidemill.error.EngineException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes: {@link Answering} in a JVM of its own, and small shell scripts. */
final class ContenderTest {
  @TempDir Path folder;

  @Test
  void asksAProcessForItsRateAndItsMemory() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    List<String> command = List.of(java, "-cp", classPath, Answering.class.getName());
    try (Contender contender = started(start(command))) {
      assertEquals("answering 1.5", contender.version());
      assertEquals(4, contender.rate(2));
      assertTrue(contender.memoryMebibytes().orElse(1) > 0);

      EngineException failure = assertThrows(EngineException.class, () -> contender.rate(13));

      assertEquals("side failed: 13 is unlucky", failure.getMessage());
      assertEquals(6, contender.rate(3));
    }
  }

  @Test
  void saysWhyASideIsAbsent() {
    Start start = start(shell("echo absent no such framework"));

    assertEquals(new Start.Absent("no such framework"), start);
  }

  @Test
  void isAbsentWhereItsProgramIs() {
    Start start = start(List.of("/nowhere/python3"));

    assertTrue(start instanceof Start.Absent(String reason) && reason.contains("/nowhere/python3"));
  }

  @Test
  void quotesTheLastLineOfAProcessThatEnded() {
    try (Contender contender =
        started(start(shell("echo ready a 1; read line; echo 'out of luck' >&2; exit 3")))) {

      EngineException failure = assertThrows(EngineException.class, () -> contender.rate(1));

      assertEquals("side ended: out of luck", failure.getMessage());
    }
  }

  @Test
  void refusesAnAnswerThatIsNoNumber() {
    try (Contender contender = started(start(shell("echo ready a 1; read line; echo many")))) {

      EngineException failure = assertThrows(EngineException.class, () -> contender.rate(1));

      assertEquals("side answered \"many\", expected a number", failure.getMessage());
    }
  }

  private Start start(List<String> command) {
    return Contender.start("side", command, Map.of(), folder.resolve("side.log"));
  }

  private static List<String> shell(String script) {
    return List.of("sh", "-c", script);
  }

  private static Contender started(Start start) {
    return ((Start.Ready) start).contender();
  }
}
