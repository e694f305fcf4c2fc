package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.network.Loss;
import io.tidemill.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/** Turns the labels of rows into what the loss takes, and refuses those that it cannot. */
final class Labels {
  private final RowWriter<?> rows;
  private final int width;
  private final boolean isClass;
  private final boolean isProbability;
  private final int classes;

  Labels(Training<?> training) {
    this.rows = new RowWriter<>(training.encoding());
    this.width = training.encoding().labelWidth();
    this.isClass = training.loss().labelType() == DataType.INT32;
    this.isProbability = training.loss() instanceof Loss.BinaryCrossEntropy;
    this.classes = training.network().outputShape().dim(-1);
  }

  /** Copies the labels of a row to position {@code index}; {@code where} ends the sentence. */
  void read(MemorySegment row, MemorySegment labels, long index, Supplier<String> where) {
    for (int i = 0; i < width; i++) {
      double label = rows.label(row, i);
      if (!fits(label)) {
        throw outOfRange(label, where.get());
      }
      if (isClass) {
        labels.setAtIndex(ValueLayout.JAVA_INT, index * width + i, (int) label);
      } else {
        labels.setAtIndex(ValueLayout.JAVA_FLOAT, index * width + i, (float) label);
      }
    }
  }

  private boolean fits(double label) {
    if (isClass) {
      return label >= 0 && label < classes && label == Math.rint(label);
    }
    return isProbability ? label >= 0 && label <= 1 : Double.isFinite(label);
  }

  private EngineException outOfRange(double label, String where) {
    String expected = isProbability ? "a number from 0 to 1" : "a finite number";
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "loss: label out of range: expected "
            + (isClass ? "a class from 0 to " + (classes - 1) : expected)
            + ", found "
            + (label == (long) label ? String.valueOf((long) label) : String.valueOf(label))
            + where);
  }
}
