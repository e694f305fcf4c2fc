package io.tidemill.graph;

import io.tidemill.codec.Codec;
import java.util.List;
import java.util.Optional;

/**
 * A step of the pipeline.
 *
 * @param index position in the graph; inputs come before
 * @param id the name that the user gave
 * @param role what it does
 * @param inputs where its records come from
 * @param output codec of what it emits; absent where nothing leaves it
 * @param description its definition in words that stay the same from run to run; part of the
 *     fingerprint
 */
public record Vertex(
    int index,
    String id,
    Role role,
    List<Input> inputs,
    Optional<Codec<Object>> output,
    String description) {
  public Vertex {
    inputs = List.copyOf(inputs);
  }

  /** An edge, seen from its end. */
  public record Input(Vertex from, Exchange exchange) {}

  /** Whether records are spread over its tasks by key. */
  public boolean isKeyed() {
    return inputs.stream().anyMatch(input -> input.exchange() instanceof Exchange.Keyed);
  }
}
