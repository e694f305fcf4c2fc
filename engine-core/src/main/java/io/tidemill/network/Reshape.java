package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.Value;
import java.util.Arrays;
import java.util.List;

/**
 * Each sample in other dimensions, its elements in the same order.
 *
 * @param dims of a sample; none for all elements in one row
 */
public record Reshape(List<Integer> dims) implements Layer {
  public Reshape {
    dims = List.copyOf(dims);
  }

  /** Samples of these dimensions, for example 28, 28, 1 for grey images. */
  public static Reshape of(int... dims) {
    return new Reshape(Arrays.stream(dims).boxed().toList());
  }

  /** Each sample as one row: [*, height, width, channels] to [*, height * width * channels]. */
  public static Reshape flat() {
    return new Reshape(List.of());
  }

  @Override
  public String kind() {
    return "reshape";
  }

  @Override
  public Value trace(LayerTracer tracer, Value input) {
    List<Integer> target =
        dims.isEmpty() ? List.of(Math.toIntExact(input.shape().withRows(1).elements())) : dims;
    return tracer.apply(new Op.Reshape(target), input);
  }
}
