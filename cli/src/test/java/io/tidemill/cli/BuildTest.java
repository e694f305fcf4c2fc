package io.tidemill.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class BuildTest {
  @Test
  void testsRunWithTheLaunchersFlags() throws IOException {
    String flags = Files.readString(Tidemill.ROOT.resolve("jvm.flags")).strip();
    Matcher property =
        Pattern.compile("<jvm\\.flags>(.*)</jvm\\.flags>")
            .matcher(Files.readString(Tidemill.ROOT.resolve("pom.xml")));

    assertEquals(true, property.find());
    assertEquals(flags, property.group(1));
  }
}
