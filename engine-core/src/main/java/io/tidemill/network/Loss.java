package io.tidemill.network;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.program.Op;
import io.tidemill.program.ProgramBuilder;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import java.util.Arrays;

/**
 * What training makes small, computed from the network's output and labels.
 *
 * <p>The loss of a shard is the sum over samples of weight * loss; with weights 1/count for real
 * samples and 0 for padding, the losses of all shards add up to the mean. A sample with several
 * positions or outputs counts their mean.
 */
public sealed interface Loss {

  /** For one of several classes; logits [rows, ..., classes], labels [rows, ...] int32. */
  static Loss softmaxCrossEntropy() {
    return new SoftmaxCrossEntropy();
  }

  /** For yes or no; logits [rows, 1], labels [rows] float32, 0 or 1 (or a probability). */
  static Loss binaryCrossEntropy() {
    return new BinaryCrossEntropy();
  }

  /** Mean of the squared differences; outputs [rows, n], labels alike, [rows] for n = 1. */
  static Loss meanSquaredError() {
    return new MeanSquaredError();
  }

  /** Half the squared difference up to {@code delta}, straight beyond; Huber 1964. */
  static Loss huber(double delta) {
    return new Huber((float) delta);
  }

  /** The element type of the labels. */
  DataType labelType();

  /** The shape of the labels for an output of the network. */
  Shape labelShape(Shape output);

  /** The scalar loss. */
  Value trace(ProgramBuilder builder, Value output, Value labels, Value weights);

  /**
   * Appends the outputs that serving answers: the first is what metrics see, {@code probabilities}
   * or {@code prediction}; of classes also {@code label} (int64).
   */
  void traceHead(ProgramBuilder builder, Value output);

  /** Name of the first output of {@link #traceHead}. */
  default String answer() {
    return "probabilities";
  }

  /** See {@link Loss#softmaxCrossEntropy()}. */
  record SoftmaxCrossEntropy() implements Loss {
    @Override
    public DataType labelType() {
      return DataType.INT32;
    }

    @Override
    public Shape labelShape(Shape output) {
      return Shape.of(Arrays.copyOf(output.dims(), output.rank() - 1));
    }

    @Override
    public Value trace(ProgramBuilder builder, Value logits, Value labels, Value weights) {
      return builder.layer("loss").apply(new Op.SoftmaxCrossEntropy(), logits, labels, weights);
    }

    @Override
    public void traceHead(ProgramBuilder builder, Value logits) {
      builder.layer("head").output(answer(), builder.apply(new Op.Softmax(), logits));
      builder.output("label", builder.apply(new Op.ArgMax(), logits));
    }
  }

  /** See {@link Loss#binaryCrossEntropy()}. */
  record BinaryCrossEntropy() implements Loss {
    @Override
    public DataType labelType() {
      return DataType.FLOAT32;
    }

    @Override
    public Shape labelShape(Shape output) {
      return Shape.of(Arrays.copyOf(output.dims(), 1));
    }

    @Override
    public Value trace(ProgramBuilder builder, Value logits, Value labels, Value weights) {
      return builder.layer("loss").apply(new Op.BinaryCrossEntropy(), logits, labels, weights);
    }

    @Override
    public void traceHead(ProgramBuilder builder, Value logits) {
      builder.layer("head").output(answer(), builder.apply(new Op.Sigmoid(), logits));
      builder.output("label", builder.apply(new Op.Threshold(0), logits));
    }
  }

  /** See {@link Loss#meanSquaredError()}. */
  record MeanSquaredError() implements Loss {
    @Override
    public DataType labelType() {
      return DataType.FLOAT32;
    }

    @Override
    public Shape labelShape(Shape output) {
      return regressed(output);
    }

    @Override
    public Value trace(ProgramBuilder builder, Value output, Value labels, Value weights) {
      return builder.layer("loss").apply(new Op.MeanSquaredError(), output, labels, weights);
    }

    @Override
    public void traceHead(ProgramBuilder builder, Value output) {
      builder.output(answer(), output);
    }

    @Override
    public String answer() {
      return PREDICTION;
    }
  }

  /** See {@link Loss#huber}. */
  record Huber(float delta) implements Loss {
    public Huber {
      if (!(delta > 0 && delta < Float.POSITIVE_INFINITY)) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "Loss.huber expected a finite delta above 0, found " + delta);
      }
    }

    @Override
    public DataType labelType() {
      return DataType.FLOAT32;
    }

    @Override
    public Shape labelShape(Shape output) {
      return regressed(output);
    }

    @Override
    public Value trace(ProgramBuilder builder, Value output, Value labels, Value weights) {
      return builder.layer("loss").apply(new Op.Huber(delta), output, labels, weights);
    }

    @Override
    public void traceHead(ProgramBuilder builder, Value output) {
      builder.output(answer(), output);
    }

    @Override
    public String answer() {
      return PREDICTION;
    }
  }

  /** The answer of a regression. */
  String PREDICTION = "prediction";

  private static Shape regressed(Shape output) {
    boolean one = output.rank() == 2 && output.dim(1) == 1;
    return one ? Shape.of(output.dim(0)) : output;
  }
}
