package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.FLOAT;

import io.tidemill.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Copies a tensor with its axes in another order.
 *
 * <p>Axes that stay side by side are one. What is left of them is walked like an odometer, but for
 * the last axis of the result and the last of x: these two make a plane that is copied block by
 * block, so that neither side is read or written with long strides only. Belongs to one
 * instruction.
 */
final class TransposeKernel {
  private static final int BLOCK = 16;

  /** Sizes and steps in x and in the result, in bytes, of the axes of the odometer. */
  private final int[] sizes;

  private final long[] xSteps;
  private final long[] outSteps;
  private final int[] index;

  /** The plane: {@code height} is the last axis of x where that is not the last of the result. */
  private final int height;

  private final long heightOutStep;
  private final int width;
  private final long widthXStep;

  TransposeKernel(Shape shape, List<Integer> axes) {
    List<int[]> groups = groups(axes); // of axes of x, in the order of the result
    int rank = groups.size();
    int[] size = new int[rank];
    long[] xStep = new long[rank];
    long[] outStep = new long[rank];
    long step = Float.BYTES;
    int lastOfX = rank - 1;
    for (int i = rank - 1; i >= 0; i--) {
      int[] group = groups.get(i);
      size[i] = Math.toIntExact(AxisRows.elements(shape, group[0], group[1]));
      xStep[i] = AxisRows.elements(shape, group[1], shape.rank()) * Float.BYTES;
      outStep[i] = step;
      step *= size[i];
      lastOfX = group[1] == shape.rank() ? i : lastOfX;
    }
    this.width = size[rank - 1];
    this.widthXStep = xStep[rank - 1];
    this.height = lastOfX == rank - 1 ? 1 : size[lastOfX];
    this.heightOutStep = outStep[lastOfX];
    int plane = lastOfX;
    int[] others = IntStream.range(0, rank - 1).filter(i -> i != plane).toArray();
    this.sizes = Arrays.stream(others).map(i -> size[i]).toArray();
    this.xSteps = Arrays.stream(others).mapToLong(i -> xStep[i]).toArray();
    this.outSteps = Arrays.stream(others).mapToLong(i -> outStep[i]).toArray();
    this.index = new int[others.length];
  }

  void run(MemorySegment x, MemorySegment out) {
    Arrays.fill(index, 0);
    long xAt = 0;
    long outAt = 0;
    int axis = 0;
    while (axis >= 0) {
      plane(x, xAt, out, outAt);
      axis = index.length - 1;
      while (axis >= 0 && ++index[axis] == sizes[axis]) {
        xAt -= (sizes[axis] - 1) * xSteps[axis];
        outAt -= (sizes[axis] - 1) * outSteps[axis];
        index[axis--] = 0;
      }
      if (axis >= 0) {
        xAt += xSteps[axis];
        outAt += outSteps[axis];
      }
    }
  }

  private void plane(MemorySegment x, long xAt, MemorySegment out, long outAt) {
    if (widthXStep == Float.BYTES) {
      MemorySegment.copy(x, xAt, out, outAt, (long) width * Float.BYTES);
      return;
    }
    for (int top = 0; top < height; top += BLOCK) {
      int bottom = Math.min(top + BLOCK, height);
      for (int left = 0; left < width; left += BLOCK) {
        int right = Math.min(left + BLOCK, width);
        for (int i = top; i < bottom; i++) {
          copyLine(x, xAt + (long) i * Float.BYTES, out, outAt + i * heightOutStep, left, right);
        }
      }
    }
  }

  private void copyLine(
      MemorySegment x, long xAt, MemorySegment out, long outAt, int left, int right) {
    for (int j = left; j < right; j++) {
      out.set(FLOAT, outAt + (long) j * Float.BYTES, x.get(FLOAT, xAt + j * widthXStep));
    }
  }

  /** The axes [from, to) that are side by side both in x and in the result. */
  private static List<int[]> groups(List<Integer> axes) {
    List<int[]> groups = new ArrayList<>();
    for (int axis : axes) {
      if (!groups.isEmpty() && groups.getLast()[1] == axis) {
        groups.getLast()[1]++;
      } else {
        groups.add(new int[] {axis, axis + 1});
      }
    }
    return groups;
  }
}
