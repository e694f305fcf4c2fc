package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the workers of a training share it; see {@link Parallel} for how to say it.
 *
 * <p>Pipeline and tensor degrees cut the program of a shard, at any number of workers: so they, and
 * not the workers, decide on the bits. Cutting into stages changes none; splitting matrix products
 * adds their parts in another order than one product would.
 *
 * @param data how many sets of workers share the shards of a step
 * @param pipeline stages that a shard goes through, each at places of its own
 * @param tensor places that share the matrix products of a stage
 */
public record Parallelism(int data, int pipeline, int tensor) {
  /** One worker does all. */
  public static final Parallelism NONE = new Parallelism(1, 1, 1);

  private static final Pattern TERM = Pattern.compile("(data|pipeline|tensor)\\(([0-9]{1,4})\\)");

  public Parallelism {
    atLeastOne("data", data);
    atLeastOne("pipeline", pipeline);
    atLeastOne("tensor", tensor);
  }

  /** Reads {@code data(2).tensor(2)}. */
  public static Parallelism parse(String text) {
    Map<String, Integer> degrees = new HashMap<>();
    for (String term : text.split("\\.", -1)) {
      Matcher matcher = TERM.matcher(term.strip());
      if (!matcher.matches()
          || degrees.put(matcher.group(1), Integer.valueOf(matcher.group(2))) != null) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "parallel=%s: expected data(N), pipeline(N) and tensor(N) joined by dots, each at most once; found \"%s\""
                .formatted(text, term));
      }
    }
    return new Parallelism(
        degrees.getOrDefault("data", 1),
        degrees.getOrDefault("pipeline", 1),
        degrees.getOrDefault("tensor", 1));
  }

  /** The same with {@code n} sets of workers that share the shards of a step. */
  public Parallelism data(int n) {
    return new Parallelism(n, pipeline, tensor);
  }

  /** The same with {@code n} stages. */
  public Parallelism pipeline(int n) {
    return new Parallelism(data, n, tensor);
  }

  /** The same with {@code n} places that share the matrix products of each stage. */
  public Parallelism tensor(int n) {
    return new Parallelism(data, pipeline, n);
  }

  /** Places that a shard is computed at. */
  public int places() {
    return Math.multiplyExact(pipeline, tensor);
  }

  /** Workers that it is meant for; any other number gives the same bits. */
  public int workers() {
    return Math.multiplyExact(data, places());
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    List<String> terms = new ArrayList<>();
    add("data", data, terms);
    add("pipeline", pipeline, terms);
    add("tensor", tensor, terms);
    return terms.isEmpty() ? "data(1)" : String.join(".", terms);
  }

  private static void add(String name, int degree, List<String> terms) {
    if (degree > 1) {
      terms.add(name + "(" + degree + ")");
    }
  }

  private static void atLeastOne(String name, int degree) {
    if (degree < 1) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT, name + "(" + degree + "): expected at least 1");
    }
  }
}
