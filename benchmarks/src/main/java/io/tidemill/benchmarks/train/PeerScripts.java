package io.tidemill.benchmarks.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The programs of peers, which lie in the jar: Python reads files. */
final class PeerScripts {
  private static final List<String> FILES =
      List.of("protocol.py", "cases.py", "torch_peer.py", "jax_peer.py");

  private PeerScripts() {}

  /** Writes all into a folder. */
  static void copyTo(Path folder) {
    for (String file : FILES) {
      try (InputStream in = PeerScripts.class.getResourceAsStream("peers/" + file)) {
        Files.copy(in, folder.resolve(file));
      } catch (IOException e) {
        throw new EngineException(
            ErrorCode.RESOURCE, "peer script " + file + " cannot be written into " + folder, e);
      }
    }
  }
}
