package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.cli.Tidemill.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The script itself, in a checkout whose path has a blank, called from another folder.
 *
 * <p>Its Maven is one that hands over the classes of this build: a build inside a build would only
 * test Maven. Its JDK is one that makes no archive of classes, which takes seconds, but where a
 * test is about that.
 */
class LauncherTest {
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

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
    mavenHandsOver(System.getProperty("java.class.path"));
    jdk("case \"$*\" in *ArchiveClassesAtExit*) exit 1;; esac; exec '%s' \"$@\"".formatted(JAVA));
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

  @Test
  void startsFromAnArchiveOfTheClassesThatTheBuildMade() throws Exception {
    mavenHandsOver(jars());
    jdk("exec '%s' \"$@\"".formatted(JAVA));
    Outcome first = launch("version");

    Outcome loading = launchWith("JDK_JAVA_OPTIONS=-Xlog:class+load:file=classes.txt", "version");

    assertTrue(loading.onlyError().startsWith("NOTE: Picked up"), loading.toString());
    assertEquals(first.out(), loading.out());
    assertArchived("io.tidemill.cli.Main");
    assertEquals(List.of(), leftOvers());
    launchWith("JDK_JAVA_OPTIONS=-Xlog:class+load:file=classes.txt", "serve", "/nowhere");
    assertArchived("io.tidemill.serving.ServingConfig");
  }

  @Test
  void goesOnWithoutAnArchiveWhereNoneCanBeMade() throws Exception {
    Outcome outcome = launch("version");

    assertEquals(0, outcome.exit());
    assertFalse(Files.exists(archive()));
    assertEquals(List.of(), leftOvers());
  }

  @Test
  void saysNothingOfAnArchiveThatIsBroken() throws Exception {
    Outcome whole = launch("version");
    Files.writeString(archive(), "half of an arch");

    Outcome broken = launch("version");

    assertEquals(List.of(), broken.err());
    assertEquals(whole.out(), broken.out());
  }

  private void assertArchived(String name) throws IOException {
    assertTrue(
        Files.readString(folder.resolve("classes.txt"))
            .contains(name + " source: shared objects file (top)"),
        name);
  }

  private Path archive() {
    return checkout.resolve("cli/target/tidemill.jsa");
  }

  /** What the making of the archive needed on the way. */
  private List<Path> leftOvers() throws IOException {
    try (var files = Files.list(checkout.resolve("cli/target"))) {
      return files.filter(file -> file.getFileName().toString().startsWith("archive")).toList();
    }
  }

  /** The class path of this build; of folders, which the JVM takes into no archive, as jars. */
  private String jars() {
    ToolProvider jar = ToolProvider.findFirst("jar").orElseThrow();
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(":", -1)) {
      if (entry.isEmpty()) {
        continue; // Surefire's path ends in a colon
      }
      if (Files.isDirectory(Path.of(entry))) {
        String packed = folder.resolve(entries.size() + ".jar").toString();
        jar.run(System.out, System.err, "--create", "--file", packed, "-C", entry, ".");
        entries.add(packed);
      } else {
        entries.add(entry);
      }
    }
    return String.join(":", entries);
  }

  /** A JDK whose {@code java} is a script. */
  private void jdk(String script) throws IOException {
    Path home = Files.createDirectories(folder.resolve("jdk/bin")).getParent();
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25\"\n");
    executable(home.resolve("bin/javac"), "exit 1");
    executable(home.resolve("bin/java"), script);
  }

  private void mavenHandsOver(String classPath) throws IOException {
    maven(
        """
        mkdir -p cli/target && touch cli/target/tidemill.jar
        printf %%s '%s' >cli/target/classpath
        """
            .formatted(classPath));
  }

  private void maven(String script) throws IOException {
    executable(Files.createDirectories(folder.resolve("bin")).resolve("mvn"), script);
  }

  private static void executable(Path file, String script) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + script);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Outcome launch(String... words) throws Exception {
    return launchWith("", words);
  }

  private Outcome launchWith(String variable, String... words) throws Exception {
    StringBuilder command = new StringBuilder(variable);
    command.append(
        " TIDEMILL_JAVA_HOME=\"$PWD/jdk\" PATH=\"$PWD/bin:$PATH\" 'a checkout/tidemill'");
    for (String word : words) {
      command.append(' ').append(word);
    }
    return processes.start(List.of("bash", "-c", command.toString())).await();
  }
}
