package io.tidemill.cluster.job;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the ranks of a job have said, {@code jobs/<id>/logs/rank-<n>.log} in the state directory; it
 * outlives attempts and cluster. Lines begin with their time. Any thread and process.
 */
public final class JobLogs {
  private static final Pattern FILE = Pattern.compile("rank-([0-9]{1,6})\\.log");

  private final Path folder;

  public JobLogs(Path state, String job) {
    this.folder = state.resolve("jobs").resolve(job).resolve("logs");
  }

  /** Where a rank's words go. */
  public Path file(int rank) {
    return folder.resolve("rank-" + rank + ".log");
  }

  /** A line, when it was said. */
  private record Line(Instant at, String text) {}

  /**
   * At most {@code bytes} of a rank's log, from an offset in bytes on; none behind its end, or
   * where the rank has said nothing.
   */
  public byte[] read(int rank, long from, int bytes) {
    Path file = file(rank);
    if (!Files.exists(file)) {
      return new byte[0];
    }
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer part =
          ByteBuffer.allocate((int) Math.clamp(channel.size() - from, 0, (long) bytes));
      long at = from;
      while (part.hasRemaining()) {
        int read = channel.read(part, at);
        if (read < 0) {
          break;
        }
        at += read;
      }
      return Arrays.copyOf(part.array(), part.position());
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, file + " cannot be read: " + e, e);
    }
  }

  /** The last lines of a rank's log, at most so many bytes of them. */
  public String tail(int rank, int bytes) {
    long length = file(rank).toFile().length();
    long from = Math.max(0, length - bytes);
    String text = new String(read(rank, from, bytes), StandardCharsets.UTF_8);
    return from == 0 ? text : text.substring(text.indexOf('\n') + 1); // not half a line
  }

  /** The last lines of all ranks in the order of their times, each with its rank in front. */
  public String tail(int bytes) {
    List<Integer> ranks = ranks();
    List<Line> lines = new ArrayList<>();
    for (int rank : ranks) {
      Instant at = Instant.MIN;
      for (String line : tail(rank, bytes / ranks.size()).lines().toList()) {
        at = time(line, at);
        lines.add(new Line(at, "rank %d | %s\n".formatted(rank, line)));
      }
    }
    lines.sort(Comparator.comparing(Line::at)); // stable: a rank's own order stays
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line.text));
    return text.toString();
  }

  private List<Integer> ranks() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> FILE.matcher(file.getFileName().toString()))
          .filter(Matcher::matches)
          .map(found -> Integer.valueOf(found.group(1)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, folder + " cannot be listed: " + e, e);
    }
  }

  /** A line without a time belongs to the one before it. */
  private static Instant time(String line, Instant before) {
    try {
      return Instant.parse(line.substring(0, Math.max(0, line.indexOf(' '))));
    } catch (DateTimeParseException e) {
      return before;
    }
  }
}
