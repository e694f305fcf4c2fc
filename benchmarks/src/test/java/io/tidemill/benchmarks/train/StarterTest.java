package io.tidemill.benchmarks.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers that are not there. */
final class StarterTest {
  @TempDir Path folder;
  private final List<String> told = new ArrayList<>();

  @Test
  void skipsAPeerThatIsNotInstalledAndSaysSoOnce() throws Exception {
    assumePython();
    // Without site, so without any package that is installed.
    Path bare = folder.resolve("bare-python");
    Files.writeString(bare, "#!/bin/sh\nexec python3 -S -E -s \"$@\"\n");
    Files.setPosixFilePermissions(bare, PosixFilePermissions.fromString("rwx------"));
    PeerScripts.copyTo(folder);
    Starter starter = new Starter(bare.toString(), folder, 2, told::add);
    TrainCase mlp = TrainCase.named("mlp");

    mlp.peers().forEach(peer -> assertEquals(Optional.empty(), starter.peer(peer, mlp)));

    assertEquals(
        List.of(
            "pytorch is skipped: No module named 'torch'; --python names another interpreter than "
                + bare,
            "jax is skipped: No module named 'jax'; --python names another interpreter than "
                + bare),
        told);
  }

  @Test
  void skipsPeersWhereThereIsNoInterpreter() {
    Starter starter = new Starter("/nowhere/python3", folder, 2, told::add);
    TrainCase gpt = TrainCase.named("gpt");

    assertEquals(Optional.empty(), starter.peer(Peer.jax(), gpt));

    assertEquals(1, told.size());
    assertTrue(told.getFirst().startsWith("jax is skipped: "), told.getFirst());
    assertTrue(told.getFirst().contains("/nowhere/python3"), told.getFirst());
  }

  private static void assumePython() throws InterruptedException {
    boolean found;
    try {
      found = new ProcessBuilder("python3", "--version").start().waitFor() == 0;
    } catch (IOException e) {
      found = false;
    }
    Assumptions.assumeTrue(found, "skipped: there is no python3 on the PATH");
  }
}
