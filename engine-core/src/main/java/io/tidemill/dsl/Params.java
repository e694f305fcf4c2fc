package io.tidemill.dsl;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The {@code key=value} parameters of a job, and what the pipeline asked for.
 *
 * <p>A pipeline reads each parameter that it knows; what was given and never read is refused.
 * Confined to the thread that defines the pipeline.
 */
public final class Params {
  private final Map<String, String> values;
  private final SortedSet<String> known = new TreeSet<>();
  private final long seed;

  public Params(Map<String, String> values, long seed) {
    this.values = new TreeMap<>(values);
    this.seed = seed;
  }

  /** Parses {@code key=value} words. */
  public static Params parse(List<String> words, long seed) {
    Map<String, String> values = new TreeMap<>();
    for (String word : words) {
      int equals = word.indexOf('=');
      if (equals <= 0) {
        throw invalid("expected key=value, found \"" + word + "\"");
      }
      if (values.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
        throw invalid("parameter " + word.substring(0, equals) + " is given twice");
      }
    }
    return new Params(values, seed);
  }

  /** What was given, by key. */
  public Map<String, String> values() {
    return new TreeMap<>(values);
  }

  /** The seed of the job: everything random in a pipeline derives from it. */
  public long seed() {
    return seed;
  }

  public Optional<String> text(String key) {
    known.add(key);
    return Optional.ofNullable(values.get(key));
  }

  public String text(String key, String otherwise) {
    return text(key).orElse(otherwise);
  }

  public Optional<Path> path(String key) {
    return text(key).map(Path::of);
  }

  /** One of the given words. */
  public String choice(String key, String otherwise, String... others) {
    String value = text(key, otherwise);
    if (!value.equals(otherwise) && !Arrays.asList(others).contains(value)) {
      throw noneOf(key, value, otherwise + ", " + String.join(", ", others));
    }
    return value;
  }

  /** One of the values of an enum, by the words for them; empty where nothing is given. */
  public <E extends Enum<E>> Optional<E> choice(
      String key, Class<E> type, Function<E, String> word) {
    return text(key)
        .map(
            given ->
                Arrays.stream(type.getEnumConstants())
                    .filter(value -> word.apply(value).equals(given))
                    .findFirst()
                    .orElseThrow(() -> noneOf(key, given, words(type, word))));
  }

  /** A whole number of at least {@code least}. */
  public int integer(String key, int otherwise, int least) {
    return (int) whole(key, otherwise, least, Integer.MAX_VALUE);
  }

  /** A whole number of at least {@code least}. */
  public long whole(String key, long otherwise, long least) {
    return whole(key, otherwise, least, Long.MAX_VALUE);
  }

  /** A whole number of at least {@code least}; empty where nothing is given. */
  public Optional<Long> whole(String key, long least) {
    return text(key).map(_ -> whole(key, least, least));
  }

  /** A positive number. */
  public double positive(String key, double otherwise) {
    Optional<String> value = text(key);
    if (value.isEmpty()) {
      return otherwise;
    }
    try {
      double number = Double.parseDouble(value.get());
      if (number > 0 && number < Double.POSITIVE_INFINITY) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The sentence below says it.
    }
    throw invalid(
        "parameter " + key + " has to be a number above 0, found \"" + value.get() + "\"");
  }

  /** Refuses what was given and never read; call after {@link PipelineDefinition#define}. */
  public void refuseUnknown(String pipeline) {
    for (String key : values.keySet()) {
      if (!known.contains(key)) {
        throw invalid(
            "unknown parameter "
                + key
                + " for "
                + pipeline
                + "; it knows "
                + (known.isEmpty() ? "none" : String.join(", ", known)));
      }
    }
  }

  private long whole(String key, long otherwise, long least, long most) {
    Optional<String> value = text(key);
    if (value.isEmpty()) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(value.get());
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The sentence below says it.
    }
    throw invalid(
        "parameter "
            + key
            + " has to be a whole number of at least "
            + least
            + (most == Long.MAX_VALUE ? "" : " and at most " + most)
            + ", found \""
            + value.get()
            + "\"");
  }

  private static <E extends Enum<E>> String words(Class<E> type, Function<E, String> word) {
    return Arrays.stream(type.getEnumConstants()).map(word).collect(Collectors.joining(", "));
  }

  private static EngineException noneOf(String key, String found, String expected) {
    return invalid(
        "parameter " + key + " has to be one of " + expected + "; found \"" + found + "\"");
  }

  private static EngineException invalid(String sentence) {
    return new EngineException(ErrorCode.INVALID_ARGUMENT, sentence);
  }
}
