package io.tidemill.examples;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The data sets that lie beside the repository on a developer's machine, and nowhere else. */
public final class SharedData {
  private SharedData() {}

  /** A file or folder of them; skips the test, with the reason, where there is none. */
  public static Path require(String name) {
    return Stream.of("../shared/data", "../../shared/data", "../../../shared/data")
        .map(folder -> Path.of(folder, name))
        .filter(Files::exists)
        .findFirst()
        .orElseGet(() -> skip("skipped: ../shared/data/" + name + " is not here"));
  }

  private static Path skip(String reason) {
    System.out.println(reason);
    return Assumptions.abort(reason);
  }
}
