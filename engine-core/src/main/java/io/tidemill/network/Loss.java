package io.tidemill.network;

import io.tidemill.program.Op;
import io.tidemill.program.ProgramBuilder;
import io.tidemill.program.Value;
import io.tidemill.tensor.DataType;

/**
 * What training makes small, computed from the network's output (logits) and labels.
 *
 * <p>The loss of a shard is the sum over rows of weight * loss; with weights 1/count for real rows
 * and 0 for padding, the losses of all shards add up to the mean.
 */
public sealed interface Loss {

  /** For one of several classes; logits [rows, classes], labels [rows] int32. */
  static Loss softmaxCrossEntropy() {
    return new SoftmaxCrossEntropy();
  }

  /** For yes or no; logits [rows, 1], labels [rows] float32, 0 or 1 (or a probability). */
  static Loss binaryCrossEntropy() {
    return new BinaryCrossEntropy();
  }

  /** The element type of the labels. */
  DataType labelType();

  /** The scalar loss. */
  Value trace(ProgramBuilder builder, Value logits, Value labels, Value weights);

  /** Appends outputs {@code probabilities} and {@code label} (int64), as serving answers them. */
  void traceHead(ProgramBuilder builder, Value logits);

  /** See {@link Loss#softmaxCrossEntropy()}. */
  record SoftmaxCrossEntropy() implements Loss {
    @Override
    public DataType labelType() {
      return DataType.INT32;
    }

    @Override
    public Value trace(ProgramBuilder builder, Value logits, Value labels, Value weights) {
      return builder.layer("loss").apply(new Op.SoftmaxCrossEntropy(), logits, labels, weights);
    }

    @Override
    public void traceHead(ProgramBuilder builder, Value logits) {
      builder.layer("head").output("probabilities", builder.apply(new Op.Softmax(), logits));
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
    public Value trace(ProgramBuilder builder, Value logits, Value labels, Value weights) {
      return builder.layer("loss").apply(new Op.BinaryCrossEntropy(), logits, labels, weights);
    }

    @Override
    public void traceHead(ProgramBuilder builder, Value logits) {
      builder.layer("head").output("probabilities", builder.apply(new Op.Sigmoid(), logits));
      builder.output("label", builder.apply(new Op.Threshold(0), logits));
    }
  }
}
