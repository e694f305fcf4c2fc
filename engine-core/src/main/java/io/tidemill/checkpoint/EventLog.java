package io.tidemill.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Metrics and history of a job, one JSON object a line.
 *
 * <p>Any thread may append. Lines reach the operating system at once, so they survive the process;
 * a line that a kill or a full disk has torn is cut off by the next writer and ignored by readers.
 */
public final class EventLog implements AutoCloseable {
  static final String FILE = "events.jsonl";
  private static final ObjectMapper MAPPER = Json.mapper();
  private static final TypeReference<Map<String, Object>> EVENT = new TypeReference<>() {};

  private final Path path;
  private final FileChannel channel;
  private long end;

  EventLog(Path path) throws IOException {
    this.path = path;
    channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    end = endOfLastLine();
    channel.truncate(end);
  }

  /**
   * Appends one event.
   *
   * @param at when it happened
   * @param event what happened, in one word: {@code checkpoint}
   * @param fields more about it; strings, numbers, lists and maps
   * @throws EngineException RESOURCE where the disk is full; the log is as it was then
   */
  public synchronized void append(Instant at, String event, Map<String, ?> fields) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("at", at);
    line.put("event", event);
    line.putAll(fields);
    try {
      ByteBuffer bytes =
          ByteBuffer.wrap(
              (MAPPER.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8));
      long position = end;
      while (bytes.hasRemaining()) {
        position += channel.write(bytes, position);
      }
      end = position;
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "event " + event + " was not written to " + path + ": " + e, e);
    }
  }

  /** All whole lines of the log in this job's folder, oldest first. */
  public static List<Map<String, Object>> read(Path jobFolder) {
    Path path = jobFolder.resolve(FILE);
    if (!Files.exists(path)) {
      return List.of();
    }
    try {
      String text = new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
      List<Map<String, Object>> events = new ArrayList<>();
      for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
        events.add(MAPPER.readValue(line, EVENT));
      }
      return events;
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorCode.CORRUPT_STATE, path + " has a line that is not JSON: " + Json.reason(e), e);
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, path + " cannot be read: " + e, e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, path + " cannot be closed: " + e, e);
    }
  }

  /** Searches backwards, because the log of a long job is large and only its end can be torn. */
  private long endOfLastLine() throws IOException {
    ByteBuffer one = ByteBuffer.allocate(1);
    for (long position = channel.size(); position > 0; position--) {
      one.clear();
      channel.read(one, position - 1);
      if (one.get(0) == '\n') {
        return position;
      }
    }
    return 0;
  }
}
