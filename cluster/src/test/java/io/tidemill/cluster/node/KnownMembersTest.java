package io.tidemill.cluster.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownMembersTest {
  @TempDir Path state;

  @Test
  void membersAreReadAsTheyWereWritten() throws IOException {
    KnownMembers known = new KnownMembers(state);

    known.write(new TreeSet<>(List.of("10.0.0.2:7000 worker", "10.0.0.1:7000 head")), "own:1");

    assertEquals(
        List.of(
            new KnownMembers.Known("10.0.0.1:7000", true),
            new KnownMembers.Known("10.0.0.2:7000", false)),
        known.read());
  }

  @Test
  void aNodeThatTheClusterHasRemovedForgetsNobody() throws IOException {
    KnownMembers known = new KnownMembers(state);
    known.write(new TreeSet<>(List.of("10.0.0.1:7000 head")), "own:1");

    known.write(new TreeSet<>(), "own:1");

    assertEquals(List.of(new KnownMembers.Known("10.0.0.1:7000", true)), known.read());
  }

  @Test
  void aFileWithoutMembersIsThatOfNoCluster() throws IOException {
    Files.createDirectories(state.resolve("cluster"));
    Files.writeString(state.resolve("cluster").resolve("members"), "\n");

    assertEquals(List.of(), new KnownMembers(state).read());
  }
}
