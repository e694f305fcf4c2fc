package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * Causal attention over qkv [samples, length, 3 width] and its gradient, one head of one sample
 * after the other; float32.
 *
 * <p>A head's queries, keys and values are copied to scratch space, padded to whole tiles, where
 * all products are tiles of four rows by two vectors, and only what causality leaves of them:
 * position i looks at the positions up to i, so rows i to i + 3 need i + 4 keys. Probabilities
 * [length, length] exist for one head at a time; the gradient computes them again. A NaN or an
 * infinity reaches the other rows of its tile too, as 0 times it. Belongs to one instruction.
 */
final class CausalAttentionKernels implements Attention {
  private static final int ROWS = 4;
  private static final int PANEL = 2 * Lanes.LENGTH;

  private final int samples;
  private final int length;
  private final int heads;
  private final int size;

  /** Bytes of a row of qkv, of a row of the result, and of a head in either. */
  private final long qkvRow;

  private final long outRow;
  private final long headBytes;

  /** Bytes of the rows of scratch matrices: [length, size] and [length or size, length]. */
  private final long sizeRow;

  private final long lengthRow;
  private final float scale;

  private final MemorySegment queries;
  private final MemorySegment keys;
  private final MemorySegment values;

  /** Keys, or values, [size, length]. */
  private final MemorySegment across;

  private final MemorySegment probabilities;
  private final MemorySegment slopes;
  private final MemorySegment upstream;
  private final MemorySegment product;
  private final Exponentials exponents = new Exponentials();

  CausalAttentionKernels(Heads shape) {
    this.samples = shape.samples();
    this.length = shape.length();
    this.heads = shape.heads();
    this.size = shape.size();
    this.qkvRow = 3L * shape.width() * Float.BYTES;
    this.outRow = (long) shape.width() * Float.BYTES;
    this.headBytes = (long) size * Float.BYTES;
    this.sizeRow = padded(size, PANEL) * Float.BYTES;
    this.lengthRow = padded(length, PANEL) * Float.BYTES;
    this.scale = shape.scale();
    long rows = padded(length, ROWS);
    Arena scratch = Arena.ofAuto();
    this.queries = scratch.allocate(rows * sizeRow, BYTES);
    this.keys = scratch.allocate(rows * sizeRow, BYTES);
    this.values = scratch.allocate(rows * sizeRow, BYTES);
    this.upstream = scratch.allocate(rows * sizeRow, BYTES);
    this.product = scratch.allocate(ROWS * sizeRow, BYTES);
    this.across = scratch.allocate(size * lengthRow, BYTES);
    this.probabilities = scratch.allocate(rows * lengthRow, BYTES);
    this.slopes = scratch.allocate(rows * lengthRow, BYTES);
  }

  @Override
  public void forward(MemorySegment qkv, MemorySegment out) {
    for (int sample = 0; sample < samples; sample++) {
      for (int head = 0; head < heads; head++) {
        long at = (long) sample * length * qkvRow + head * headBytes;
        pack(qkv, at, qkvRow, queries, scale);
        packAcross(qkv, at + outRow);
        pack(qkv, at + 2 * outRow, qkvRow, values, 1);
        probabilities();
        long outAt = (long) sample * length * outRow + head * headBytes;
        for (int row = 0; row < length; row += ROWS) {
          multiply(probabilities, row * lengthRow, lengthRow, Float.BYTES, values, 0, row + ROWS);
          write(row, out, outAt, outRow);
        }
      }
    }
  }

  @Override
  public void gradient(MemorySegment qkv, MemorySegment dy, MemorySegment out) {
    for (int sample = 0; sample < samples; sample++) {
      for (int head = 0; head < heads; head++) {
        long at = (long) sample * length * qkvRow + head * headBytes;
        long dyAt = (long) sample * length * outRow + head * headBytes;
        pack(qkv, at, qkvRow, queries, scale);
        pack(qkv, at + outRow, qkvRow, keys, scale);
        pack(dy, dyAt, outRow, upstream, 1);
        packAcross(qkv, at + outRow);
        probabilities();
        packAcross(qkv, at + 2 * outRow);
        slopes();
        writeGradient(out, at);
      }
    }
  }

  private void writeGradient(MemorySegment out, long at) {
    for (int row = 0; row < length; row += ROWS) {
      multiply(slopes, row * lengthRow, lengthRow, Float.BYTES, keys, 0, row + ROWS);
      write(row, out, at, qkvRow);
      long column = (long) row * Float.BYTES;
      long from = row * lengthRow + column;
      int count = (int) padded(length, ROWS) - row;
      multiply(slopes, from, Float.BYTES, lengthRow, queries, row * sizeRow, count);
      write(row, out, at + outRow, qkvRow);
      multiply(probabilities, from, Float.BYTES, lengthRow, upstream, row * sizeRow, count);
      write(row, out, at + 2 * outRow, qkvRow);
    }
  }

  /** Softmax of queries keys^T over the positions up to each row's own. */
  private void probabilities() {
    for (int row = 0; row < length; row += ROWS) {
      scores(queries, row, probabilities);
    }
    for (int row = 0; row < length; row++) {
      softmax(row);
    }
  }

  private void slopes() {
    for (int row = 0; row < length; row += ROWS) {
      scores(upstream, row, slopes);
    }
    for (int row = 0; row < length; row++) {
      slope(probabilities, slopes, row * lengthRow, Lanes.wholeBytes(row + Lanes.LENGTH));
    }
  }

  /** Four rows of left across, for the keys that causality leaves. */
  private void scores(MemorySegment left, int row, MemorySegment out) {
    long end = (long) (row + ROWS) * Float.BYTES;
    for (long column = 0; column < end; column += 2 * BYTES) {
      VectorGemm.tile(
          left,
          row * sizeRow,
          sizeRow,
          Float.BYTES,
          across,
          column,
          lengthRow,
          size,
          out,
          row * lengthRow + column,
          lengthRow);
    }
  }

  /** product [4, size] = four rows of left times {@code count} rows of right. */
  private void multiply(
      MemorySegment left,
      long leftAt,
      long rowStep,
      long innerStep,
      MemorySegment right,
      long rightAt,
      int count) {
    for (long column = 0; column < headBytes; column += 2 * BYTES) {
      VectorGemm.tile(
          left,
          leftAt,
          rowStep,
          innerStep,
          right,
          rightAt + column,
          sizeRow,
          count,
          product,
          column,
          sizeRow);
    }
  }

  /** Writes the rows of the product that exist. */
  private void write(int row, MemorySegment out, long outAt, long outStep) {
    for (int i = 0; i < Math.min(ROWS, length - row); i++) {
      long at = outAt + (row + i) * outStep;
      MemorySegment.copy(product, i * sizeRow, out, at, headBytes);
    }
  }

  /** Softmax of a row of scores up to its own position, zeros up to a whole vector behind. */
  private void softmax(int row) {
    long base = row * lengthRow;
    long last = Lanes.wholeBytes(row);
    VectorMask<Float> upTo =
        Lanes.SPECIES.indexInRange(0, row + 1 - row / Lanes.LENGTH * Lanes.LENGTH);
    float max = mask(probabilities, base, last, upTo);
    double sum = exponents.write(probabilities, base, max, probabilities, base, last + BYTES);
    ElementLoops.scale(probabilities, base, (float) (1 / sum), probabilities, base, last + BYTES);
  }

  /** Sets what is outside the mask in the last vector to -infinity; gives the largest. */
  private static float mask(MemorySegment row, long base, long last, VectorMask<Float> inside) {
    FloatVector largest = Lanes.broadcast(Float.NEGATIVE_INFINITY);
    FloatVector end = largest.blend(Lanes.load(row, base + last), inside);
    Lanes.store(end, row, base + last);
    for (long i = base; i < base + last; i += BYTES) {
      largest = Lanes.larger(largest, Lanes.load(row, i));
    }
    return Lanes.max(Lanes.larger(largest, end));
  }

  /** Replaces dP by P (dP - sum(P dP)); where P is 0 it gives 0. */
  private static void slope(MemorySegment p, MemorySegment dp, long base, long bytes) {
    FloatVector sums = Lanes.broadcast(0);
    for (long i = base; i < base + bytes; i += BYTES) {
      sums = Lanes.load(p, i).fma(Lanes.load(dp, i), sums);
    }
    float dot = Lanes.sum(sums);
    for (long i = base; i < base + bytes; i += BYTES) {
      FloatVector probability = Lanes.load(p, i);
      FloatVector ds = probability.mul(Lanes.load(dp, i).sub(dot));
      Lanes.store(ds, dp, i);
    }
  }

  /** Copies a head [length, size] to [length, padded size], times a factor. */
  private void pack(MemorySegment from, long at, long step, MemorySegment to, float factor) {
    for (int row = 0; row < length; row++) {
      long source = at + row * step;
      long target = row * sizeRow;
      MemorySegment.copy(from, source, to, target, headBytes);
    }
    if (factor != 1) {
      for (long i = 0; i < length * sizeRow; i += BYTES) {
        Lanes.store(Lanes.load(to, i).mul(factor), to, i);
      }
    }
  }

  /** Copies a head [length, size] to [size, padded length]. */
  private void packAcross(MemorySegment from, long at) {
    for (long row = 0; row < length; row++) {
      for (long i = 0; i < headBytes; i += Float.BYTES) {
        float number = from.get(FLOAT, at + row * qkvRow + i);
        across.set(FLOAT, i / Float.BYTES * lengthRow + row * Float.BYTES, number);
      }
    }
  }

  private static long padded(int number, int multiple) {
    return (number + multiple - 1L) / multiple * multiple;
  }
}
