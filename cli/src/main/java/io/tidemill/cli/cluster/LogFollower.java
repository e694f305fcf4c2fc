package io.tidemill.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.tidemill.cli.console.Console;
import io.tidemill.cluster.client.ApiClient;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Prints what the ranks of a job say, until it has ended. Confined to one thread. */
public final class LogFollower {
  private final ApiClient client;
  private final Console console;

  /** How many bytes of each rank's log were printed. */
  private final Map<Integer, Long> printed = new TreeMap<>();

  public LogFollower(ApiClient client, Console console) {
    this.client = client;
    this.console = console;
  }

  /** Follows one rank, or all with their number in front of each line. */
  public void follow(String id, Optional<Integer> only) {
    JobFollower follower = new JobFollower(client, console, true);
    only.ifPresent(rank -> printed.put(rank, 0L));
    while (true) {
      JsonNode job = follower.look(id);
      boolean hasEnded = !job.path("state").asText().matches("QUEUED|RUNNING");
      if (only.isEmpty()) {
        for (int rank = 0; rank < job.path("workers").asInt(); rank++) {
          printed.putIfAbsent(rank, 0L);
        }
      }
      boolean isNews = false;
      for (int rank : printed.keySet()) {
        isNews |= print(id, rank, only.isPresent() ? "" : "rank " + rank + " | ");
      }
      console.out().flush();
      if (!isNews && hasEnded) {
        return;
      }
      if (!isNews) {
        JobFollower.pause();
      }
    }
  }

  /** Prints the lines that are whole; false where there is none. */
  private boolean print(String id, int rank, String prefix) {
    long from = printed.get(rank);
    String log = client.text("/api/jobs/%s/logs?rank=%d&from=%d".formatted(id, rank, from));
    String whole = log.substring(0, log.lastIndexOf('\n') + 1);
    whole.lines().forEach(line -> console.out().println(prefix + line));
    printed.put(rank, from + whole.getBytes(StandardCharsets.UTF_8).length);
    return !whole.isEmpty();
  }
}
