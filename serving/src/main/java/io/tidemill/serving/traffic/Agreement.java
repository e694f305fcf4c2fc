package io.tidemill.serving.traffic;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Whether two versions say the same: numbers within the tolerance, everything else bit by bit. */
public final class Agreement {
  private Agreement() {}

  /** Compares the outputs of two versions, in the order of their signatures. */
  public static boolean isSame(List<NamedTensor> one, List<NamedTensor> other, double tolerance) {
    if (one.size() != other.size()) {
      return false;
    }
    for (int i = 0; i < one.size(); i++) {
      if (!isSame(one.get(i), other.get(i), tolerance)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSame(NamedTensor one, NamedTensor other, double tolerance) {
    if (!one.name().equals(other.name())
        || one.type() != other.type()
        || !one.shape().equals(other.shape())) {
      return false;
    }
    if (one.type() != DataType.FLOAT32 && one.type() != DataType.FLOAT64) {
      return one.data().mismatch(other.data()) < 0;
    }
    for (long i = 0; i < one.shape().elements(); i++) {
      if (!isClose(number(one, i), number(other, i), tolerance)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isClose(double x, double y, double tolerance) {
    return Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y))
        || Double.compare(x, y) == 0;
  }

  private static double number(NamedTensor tensor, long index) {
    return tensor.type() == DataType.FLOAT64
        ? tensor.data().getAtIndex(ValueLayout.JAVA_DOUBLE, index)
        : tensor.data().getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }
}
