package io.tidemill.serving.stream;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.protocol.JsonTree;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What somebody wants to be written: {@code text_input}, and in {@code parameters} {@code
 * max_tokens}, {@code temperature}, {@code top_k}, {@code seed}, {@code stop}; others are skipped.
 *
 * @param stop texts behind which nothing more is written; they are not part of the answer
 * @see <a
 *     href="https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_generate.md">the
 *     extension generate</a>
 */
public record GenerateRequest(
    Optional<String> id, String text, int maxTokens, Sampling sampling, List<String> stop) {
  private static final int MOST_TOKENS = 4_096;
  private static final int DEFAULT_TOKENS = 64;
  private static final int MOST_STOPS = 16;
  private static final double MOST_TEMPERATURE = 100;

  public GenerateRequest {
    stop = List.copyOf(stop);
  }

  /**
   * The request in a body.
   *
   * @throws EngineException INVALID_ARGUMENT naming the field
   */
  public static GenerateRequest read(byte[] body) {
    Map<String, Object> fields = JsonTree.readObject(body);
    if (!(fields.getOrDefault("parameters", Map.of()) instanceof Map<?, ?> parameters)) {
      throw wrong("parameters", "an object", fields.get("parameters"));
    }
    if (!(fields.get("text_input") instanceof String text)) {
      throw wrong("text_input", "a text", fields.get("text_input"));
    }
    if (!(fields.getOrDefault("id", "") instanceof String id)) {
      throw wrong("id", "a text", fields.get("id"));
    }
    Sampling sampling =
        new Sampling(
            temperature(parameters),
            (int) whole(parameters, "top_k", 0, 0, Integer.MAX_VALUE),
            whole(
                parameters,
                "seed",
                ThreadLocalRandom.current().nextLong(1L << 53),
                Long.MIN_VALUE,
                Long.MAX_VALUE));
    return new GenerateRequest(
        Optional.of(id).filter(given -> !given.isEmpty()),
        text,
        (int) whole(parameters, "max_tokens", DEFAULT_TOKENS, 1, MOST_TOKENS),
        sampling,
        stops(parameters.get("stop")));
  }

  private static long whole(
      Map<?, ?> parameters, String name, long otherwise, long least, long most) {
    Object value = parameters.get(name);
    if (value == null && !parameters.containsKey(name)) {
      return otherwise;
    }
    if (value instanceof Long number && number >= least && number <= most) {
      return number;
    }
    throw wrong(name, "a whole number from %d to %d".formatted(least, most), value);
  }

  private static double temperature(Map<?, ?> parameters) {
    Object value = parameters.containsKey("temperature") ? parameters.get("temperature") : 1L;
    double temperature =
        switch (value) {
          case Long number -> number;
          case Double number -> number;
          case null, default -> Double.NaN;
        };
    if (!(temperature >= 0 && temperature <= MOST_TEMPERATURE)) {
      throw wrong("temperature", "a number from 0 to 100", value);
    }
    return temperature;
  }

  private static List<String> stops(Object given) {
    return switch (given) {
      case null -> List.of();
      case String one when !one.isEmpty() -> List.of(one);
      case List<?> list
          when list.size() <= MOST_STOPS
              && list.stream().allMatch(stop -> stop instanceof String s && !s.isEmpty()) ->
          list.stream().map(String::valueOf).toList();
      default -> throw wrong("stop", "a text, or at most %d".formatted(MOST_STOPS), given);
    };
  }

  private static EngineException wrong(String field, String expected, Object found) {
    String shown = String.valueOf(found);
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT,
        "%s: expected %s, found %s"
            .formatted(field, expected, shown.length() > 100 ? shown.substring(0, 100) : shown));
  }
}
