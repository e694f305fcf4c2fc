package io.tidemill.cluster.http;

import io.tidemill.cluster.job.JobLogs;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which part of a job's logs a request asks for; an answer is never longer than {@link
 * #MOST_BYTES}.
 *
 * @param rank whose; all of them where it is empty
 * @param tail how many bytes of the end
 * @param from instead of the end, what follows so many bytes of a rank's log
 */
record LogQuery(OptionalLong rank, int tail, OptionalLong from) {
  private static final int TAIL_BYTES = 64 << 10;
  private static final int MOST_BYTES = 4 << 20;
  private static final Set<String> KEYS = new TreeSet<>(Set.of("rank", "tail", "from"));

  /** What stands behind the question mark. */
  static LogQuery of(Map<String, String> query) {
    for (String key : query.keySet()) {
      if (!KEYS.contains(key)) {
        throw refused("unknown parameter " + key + "; expected one of " + KEYS);
      }
    }
    OptionalLong rank = number(query, "rank", 999_999);
    OptionalLong from = number(query, "from", Long.MAX_VALUE);
    if (from.isPresent() && rank.isEmpty()) {
      throw refused("from counts in the log of one rank: name that by rank");
    }
    int tail = (int) number(query, "tail", MOST_BYTES).orElse(TAIL_BYTES);
    return new LogQuery(rank, tail, from);
  }

  byte[] answer(JobLogs logs) {
    if (rank.isEmpty()) {
      return logs.tail(tail).getBytes(StandardCharsets.UTF_8);
    }
    int of = (int) rank.getAsLong();
    return from.isPresent()
        ? logs.read(of, from.getAsLong(), MOST_BYTES)
        : logs.tail(of, tail).getBytes(StandardCharsets.UTF_8);
  }

  private static OptionalLong number(Map<String, String> query, String key, long most) {
    String text = query.get(key);
    if (text == null) {
      return OptionalLong.empty();
    }
    try {
      long number = Long.parseLong(text);
      if (number >= 0 && number <= most) {
        return OptionalLong.of(number);
      }
    } catch (NumberFormatException e) {
      // the sentence below says it
    }
    throw refused("%s has to be a whole number from 0 to %d, is %s".formatted(key, most, text));
  }

  private static EngineException refused(String why) {
    return new EngineException(ErrorCode.INVALID_ARGUMENT, "the logs cannot be given: " + why);
  }
}
