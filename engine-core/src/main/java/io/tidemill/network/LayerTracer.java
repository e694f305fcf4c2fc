package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.ParameterRole;
import io.tidemill.program.Value;
import io.tidemill.tensor.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a layer traces with: its name, its parameters, and the program under construction.
 *
 * <p>Confined to one thread.
 */
public final class LayerTracer {
  private final String name;
  private final Tracing tracing;

  LayerTracer(String name, Tracing tracing) {
    this.name = name;
    this.tracing = tracing;
    tracing.builder().layer(name);
  }

  /** The layer's name in this network, for example {@code dense-2}. */
  public String name() {
    return name;
  }

  /** Whether a training step is traced: for layers that act otherwise then. */
  public boolean isTraining() {
    return tracing.isTraining();
  }

  /** A parameter {@code <layer>.<suffix>} that training moves. */
  public Value parameter(String suffix, Shape shape, Initializer initializer) {
    return parameter(suffix, shape, initializer, ParameterRole.TRAINED);
  }

  /** A table {@code <layer>.<suffix>} of which training moves the rows that a step looks up. */
  public Value trainedByRow(String suffix, Shape shape, Initializer initializer) {
    return parameter(suffix, shape, initializer, ParameterRole.TRAINED_BY_ROW);
  }

  /** A parameter {@code <layer>.<suffix>} that is adapted from data and not trained. */
  public Value adapted(String suffix, Shape shape, Initializer initializer) {
    return parameter(suffix, shape, initializer, ParameterRole.ADAPTED);
  }

  /**
   * A parameter {@code <layer>.<suffix>} that follows a statistic of the batches, see {@link
   * ParameterRole#AVERAGED}; {@link #average} says which, in a training step.
   */
  public Value.Parameter averaged(String suffix, Shape shape, Initializer initializer) {
    return parameter(suffix, shape, initializer, ParameterRole.AVERAGED);
  }

  /** Has an averaged parameter follow this statistic of the shard's samples. */
  public void average(Value.Parameter parameter, Value statistic) {
    Value weighted = apply(new Op.WeightStatistic(), statistic, tracing.weights());
    tracing.builder().average(parameter, weighted);
  }

  /** A parameter of an earlier layer, under its whole name: for weights that are tied. */
  public Value shared(String parameter, Shape shape) {
    return tracing.shared(name, parameter, shape);
  }

  /** The weight of each sample, [rows]; 0 for those that only fill the batch. Training only. */
  public Value weights() {
    return tracing.weights();
  }

  /** The key of this step and shard for {@link Op.Dropout}. Training only. */
  public Value randomKey() {
    return tracing.randomKey();
  }

  /** Refuses an input of another shape: {@code dense-2 expects [*, 512], gets [*, 256]}. */
  public void expect(Value input, Shape expected) {
    Shape found = input.shape();
    boolean fits = found.rank() == expected.rank();
    for (int axis = 1; fits && axis < found.rank(); axis++) {
      fits = found.dim(axis) == expected.dim(axis);
    }
    if (!fits) {
      throw refused(expected.toString(), found);
    }
  }

  /** Refuses an input whose last dimension is another. */
  public void expectFeatures(Value input, int features) {
    Shape found = input.shape();
    if (found.rank() < 2 || found.dim(-1) != features) {
      throw refused((found.rank() > 2 ? "[*, ..., " : "[*, ") + features + "]", found);
    }
  }

  /** Refuses what are not images [*, height, width, channels]. */
  public void expectImages(Value input) {
    if (input.shape().rank() != 4) {
      throw refused("images [*, height, width, channels]", input.shape());
    }
  }

  /** Refuses what are not images [*, height, width, channels] of at least so many pixels. */
  void expectImages(Value input, int height, int width) {
    Shape found = input.shape();
    if (found.rank() != 4 || found.dim(1) < height || found.dim(2) < width) {
      throw refused("images of at least [*, %d, %d, channels]".formatted(height, width), found);
    }
  }

  /** Appends an instruction. */
  public Value apply(Op op, Value... inputs) {
    return tracing.builder().apply(op, inputs);
  }

  /** Traces layers one after the other under names that begin with this layer's. */
  public Value nested(List<Layer> layers, Value input) {
    Value value = input;
    Map<String, Integer> counts = new HashMap<>();
    for (Layer layer : layers) {
      String inner = name + "/" + layer.kind() + "-" + counts.merge(layer.kind(), 1, Integer::sum);
      value = layer.trace(new LayerTracer(inner, tracing), value);
    }
    tracing.builder().layer(name);
    return value;
  }

  private Value.Parameter parameter(
      String suffix, Shape shape, Initializer initializer, ParameterRole role) {
    return tracing.parameter(name + "." + suffix, shape, initializer, role);
  }

  private EngineException refused(String expected, Shape found) {
    return new EngineException(
        ErrorCode.INVALID_ARGUMENT, name + " expects " + expected + ", gets " + found);
  }
}
