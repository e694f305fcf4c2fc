package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.cli.Tidemill.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script itself, in a checkout whose path has a blank, called from another folder.
 *
 * <p>Its Maven is one that hands over the classes of this build: a build inside a build would only
 * test Maven.
 */
class LauncherTest {
  @TempDir Path folder;
  private Path checkout;
  private Tidemill processes;

  @BeforeEach
  void makeCheckout() throws IOException {
    processes = new Tidemill(folder);
    checkout = Files.createDirectories(folder.resolve("a checkout"));
    for (String file : List.of("tidemill", "jvm.flags", "pom.xml", "build/jdk")) {
      Files.createDirectories(checkout.resolve(file).getParent());
      Files.copy(Tidemill.ROOT.resolve(file), checkout.resolve(file));
    }
    Files.createDirectories(checkout.resolve("cli/src/main"));
    Files.copy(Tidemill.ROOT.resolve("cli/pom.xml"), checkout.resolve("cli/pom.xml"));
    maven(
        """
        mkdir -p cli/target && touch cli/target/tidemill.jar
        printf %%s '%s' >cli/target/classpath
        """
            .formatted(System.getProperty("java.class.path")));
  }

  @Test
  void buildsOnFirstUseOnly() throws Exception {
    Outcome first = launch("version");
    Outcome second = launch("version");

    assertEquals(List.of("building tidemill (first use)…"), first.err());
    assertEquals(0, first.exit());
    assertTrue(first.lastLine().startsWith("tidemill 0.1.0 (java 25"), first.toString());
    assertEquals(List.of(), second.err());
    assertEquals(first.out(), second.out());
  }

  @Test
  void buildsAgainWhenASourceIsNewer() throws Exception {
    launch("version");
    Path source = Files.createFile(checkout.resolve("cli/src/main/New.java"));
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));

    Outcome outcome = launch("version");

    assertEquals(List.of("building tidemill (sources changed)…"), outcome.err());
  }

  @Test
  void refusesInOneLine() throws Exception {
    launch("version");

    Outcome outcome = launch("run", "digit");

    assertEquals(2, outcome.exit());
    assertTrue(outcome.onlyError().startsWith("tidemill: unknown example"), outcome.toString());
  }

  @Test
  void showsWhatMavenSaidWhereTheBuildFails() throws Exception {
    maven("echo 'no such symbol'; exit 1");

    Outcome outcome = launch("version");

    assertEquals(1, outcome.exit());
    assertEquals(
        List.of(
            "building tidemill (first use)…",
            "no such symbol",
            "tidemill: the build failed, see above"),
        outcome.err());
  }

  private void maven(String script) throws IOException {
    Path mvn = Files.createDirectories(folder.resolve("bin")).resolve("mvn");
    Files.writeString(mvn, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(mvn, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Outcome launch(String... words) throws Exception {
    StringBuilder command = new StringBuilder("PATH=\"$PWD/bin:$PATH\" 'a checkout/tidemill'");
    for (String word : words) {
      command.append(' ').append(word);
    }
    return processes.start(List.of("bash", "-c", command.toString())).await();
  }
}
