package io.tidemill.operator;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The parts of one vertex in the checkpoint that is restored, verified already. */
@FunctionalInterface
public interface RestoredState {
  /** The files of a kind, in the order of the subtasks that wrote them. */
  List<Path> parts(String kind);

  /** The file of a kind of which there is one at most. */
  default Optional<Path> part(String kind) {
    return parts(kind).stream().findFirst();
  }
}
