package io.tidemill.operator;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The parts of one vertex in the checkpoint that is restored, verified already. */
@FunctionalInterface
public interface RestoredState {
  /** The files of a kind, in the order of the subtasks that wrote them. */
  List<Path> parts(String kind);

  /** What the files of a kind hold. */
  default List<byte[]> bytes(String kind) {
    return parts(kind).stream().map(RestoredState::read).toList();
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "checkpoint part " + file + " could not be read: " + e, e);
    }
  }
}
