package io.tidemill.cluster.job;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.storage.Json;
import io.tidemill.storage.Names;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * How the processes that {@code up} has started ended last: {@code cluster/ends/<name>.json} in the
 * state directory, for a head to read. It is news, not state: what cannot be written or read is
 * left out. Any thread and process.
 */
public final class ProcessEnds {
  private static final ObjectMapper MAPPER = Json.mapper();

  private final Path folder;

  public ProcessEnds(Path state) {
    this.folder = state.resolve("cluster").resolve("ends");
  }

  /** The process that people call {@code name} has ended so. */
  public void put(String name, ProcessEnd end) {
    try {
      Files.createDirectories(folder);
      Path written = folder.resolve(name + ".tmp");
      Files.write(written, MAPPER.writeValueAsBytes(end));
      Files.move(written, file(name), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      // then it is only said that the process has ended
    }
  }

  /** How the process of this worker ended, where that is known. */
  public Optional<ProcessEnd> of(WorkerInfo worker) {
    if (!Names.isSafe(worker.name())) {
      return Optional.empty();
    }
    try {
      ProcessEnd last = MAPPER.readValue(Files.readAllBytes(file(worker.name())), ProcessEnd.class);
      boolean isIt =
          last.pid() == worker.process().pid() && last.startedMs() == worker.process().startedMs();
      return isIt ? Optional.of(last) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Path file(String name) {
    return folder.resolve(name + ".json");
  }
}
