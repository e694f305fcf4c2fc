package io.tidemill.graph;

import io.tidemill.codec.Codec;
import java.util.function.Function;

/** How records get from the tasks of one vertex to those of the next. */
public sealed interface Exchange {
  /** From task to task, where they are as many; the planner puts both into one task. */
  record Forward() implements Exchange {}

  /** All to one task. */
  record Gather() implements Exchange {}

  /** Each to the task that owns the key group of its key. */
  record Keyed(String id, Function<Object, Object> key, Codec<Object> codec) implements Exchange {}
}
