package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static io.tidemill.device.cpu.Lanes.FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * A matrix, row-major float32, against a vector for each row.
 *
 * <p>{@code x} holds {@code floats} numbers; the vector holds {@code period} of them, that is one
 * row or several equal ones ({@link RepeatedVector}). out may be the matrix.
 */
final class RowKernels {
  private RowKernels() {}

  static void addBias(
      MemorySegment x, MemorySegment bias, MemorySegment out, long floats, long period) {
    for (long at = 0; at < floats; at += period) {
      addBiasRow(x, bias, out, at * Float.BYTES, Math.min(period, floats - at));
    }
  }

  static void addBiasRelu(
      MemorySegment x, MemorySegment bias, MemorySegment out, long floats, long period) {
    for (long at = 0; at < floats; at += period) {
      addBiasReluRow(x, bias, out, at * Float.BYTES, Math.min(period, floats - at));
    }
  }

  static void scaleFeatures(
      MemorySegment x, MemorySegment factors, MemorySegment out, long floats, long period) {
    for (long at = 0; at < floats; at += period) {
      scaleRow(x, factors, out, at * Float.BYTES, Math.min(period, floats - at));
    }
  }

  /** (x - mean) * inverseStd. */
  static void standardize(
      MemorySegment x,
      MemorySegment mean,
      MemorySegment inverseStd,
      MemorySegment out,
      long floats,
      long period) {
    for (long at = 0; at < floats; at += period) {
      long base = at * Float.BYTES;
      standardizeRow(x, mean, inverseStd, out, base, Math.min(period, floats - at));
    }
  }

  /** out[j] = x[0, j] + x[1, j] + ..., in that order; x [rows, n]. */
  static void sumRows(MemorySegment x, MemorySegment out, int rows, long n) {
    long whole = Lanes.wholeBytes(n);
    long rowBytes = n * Float.BYTES;
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector sum = Lanes.broadcast(0);
      for (int row = 0; row < rows; row++) {
        sum = sum.add(Lanes.load(x, row * rowBytes + i));
      }
      Lanes.store(sum, out, i);
    }
    VectorMask<Float> tail = Lanes.tail(n);
    if (tail.anyTrue()) {
      FloatVector sum = Lanes.broadcast(0);
      for (int row = 0; row < rows; row++) {
        sum = sum.add(Lanes.load(x, row * rowBytes + whole, tail));
      }
      Lanes.store(sum, out, whole, tail);
    }
  }

  private static void addBiasRow(
      MemorySegment x, MemorySegment bias, MemorySegment out, long base, long n) {
    long whole = Lanes.wholeBytes(n);
    for (long i = 0; i < whole; i += BYTES) {
      Lanes.store(Lanes.load(x, base + i).add(Lanes.load(bias, i)), out, base + i);
    }
    for (long i = whole; i < n * Float.BYTES; i += Float.BYTES) {
      out.set(FLOAT, base + i, x.get(FLOAT, base + i) + bias.get(FLOAT, i));
    }
  }

  private static void addBiasReluRow(
      MemorySegment x, MemorySegment bias, MemorySegment out, long base, long n) {
    long whole = Lanes.wholeBytes(n);
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector sum = Lanes.load(x, base + i).add(Lanes.load(bias, i));
      Lanes.store(sum.max(0f), out, base + i);
    }
    for (long i = whole; i < n * Float.BYTES; i += Float.BYTES) {
      float sum = x.get(FLOAT, base + i) + bias.get(FLOAT, i);
      out.set(FLOAT, base + i, Math.max(sum, 0f));
    }
  }

  private static void scaleRow(
      MemorySegment x, MemorySegment factors, MemorySegment out, long base, long n) {
    long whole = Lanes.wholeBytes(n);
    for (long i = 0; i < whole; i += BYTES) {
      Lanes.store(Lanes.load(x, base + i).mul(Lanes.load(factors, i)), out, base + i);
    }
    for (long i = whole; i < n * Float.BYTES; i += Float.BYTES) {
      out.set(FLOAT, base + i, x.get(FLOAT, base + i) * factors.get(FLOAT, i));
    }
  }

  private static void standardizeRow(
      MemorySegment x,
      MemorySegment mean,
      MemorySegment inverseStd,
      MemorySegment out,
      long base,
      long n) {
    long whole = Lanes.wholeBytes(n);
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector centred = Lanes.load(x, base + i).sub(Lanes.load(mean, i));
      Lanes.store(centred.mul(Lanes.load(inverseStd, i)), out, base + i);
    }
    for (long i = whole; i < n * Float.BYTES; i += Float.BYTES) {
      float centred = x.get(FLOAT, base + i) - mean.get(FLOAT, i);
      out.set(FLOAT, base + i, centred * inverseStd.get(FLOAT, i));
    }
  }
}
