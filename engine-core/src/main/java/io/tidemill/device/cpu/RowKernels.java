package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** A matrix [rows, n] against a vector [n], float32, row-major; out may be the matrix. */
final class RowKernels {
  private RowKernels() {}

  static void addBias(MemorySegment x, MemorySegment bias, MemorySegment out, int rows, int n) {
    long whole = Lanes.wholeBytes(n);
    VectorMask<Float> tail = Lanes.tail(n);
    boolean hasTail = tail.anyTrue();
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      for (long i = 0; i < whole; i += BYTES) {
        Lanes.store(Lanes.load(x, base + i).add(Lanes.load(bias, i)), out, base + i);
      }
      if (hasTail) {
        FloatVector sum = Lanes.load(x, base + whole, tail).add(Lanes.load(bias, whole, tail));
        Lanes.store(sum, out, base + whole, tail);
      }
    }
  }

  static void addBiasRelu(MemorySegment x, MemorySegment bias, MemorySegment out, int rows, int n) {
    long whole = Lanes.wholeBytes(n);
    VectorMask<Float> tail = Lanes.tail(n);
    boolean hasTail = tail.anyTrue();
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      for (long i = 0; i < whole; i += BYTES) {
        FloatVector sum = Lanes.load(x, base + i).add(Lanes.load(bias, i));
        Lanes.store(sum.max(0f), out, base + i);
      }
      if (hasTail) {
        FloatVector sum = Lanes.load(x, base + whole, tail).add(Lanes.load(bias, whole, tail));
        Lanes.store(sum.max(0f), out, base + whole, tail);
      }
    }
  }

  static void scaleFeatures(
      MemorySegment x, MemorySegment factors, MemorySegment out, int rows, int n) {
    long whole = Lanes.wholeBytes(n);
    VectorMask<Float> tail = Lanes.tail(n);
    boolean hasTail = tail.anyTrue();
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      for (long i = 0; i < whole; i += BYTES) {
        Lanes.store(Lanes.load(x, base + i).mul(Lanes.load(factors, i)), out, base + i);
      }
      if (hasTail) {
        FloatVector product =
            Lanes.load(x, base + whole, tail).mul(Lanes.load(factors, whole, tail));
        Lanes.store(product, out, base + whole, tail);
      }
    }
  }

  static void standardize(
      MemorySegment x,
      MemorySegment mean,
      MemorySegment inverseStd,
      MemorySegment out,
      int rows,
      int n) {
    long whole = Lanes.wholeBytes(n);
    VectorMask<Float> tail = Lanes.tail(n);
    boolean hasTail = tail.anyTrue();
    for (int row = 0; row < rows; row++) {
      long base = (long) row * n * Float.BYTES;
      for (long i = 0; i < whole; i += BYTES) {
        FloatVector centred = Lanes.load(x, base + i).sub(Lanes.load(mean, i));
        Lanes.store(centred.mul(Lanes.load(inverseStd, i)), out, base + i);
      }
      if (hasTail) {
        FloatVector centred = Lanes.load(x, base + whole, tail).sub(Lanes.load(mean, whole, tail));
        FloatVector scaled = centred.mul(Lanes.load(inverseStd, whole, tail));
        Lanes.store(scaled, out, base + whole, tail);
      }
    }
  }

  /** out[j] = x[0, j] + x[1, j] + ..., in that order. */
  static void sumRows(MemorySegment x, MemorySegment out, int rows, int n) {
    long whole = Lanes.wholeBytes(n);
    long rowBytes = (long) n * Float.BYTES;
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

  static void broadcastRows(MemorySegment vector, MemorySegment out, int rows, int n) {
    long rowBytes = (long) n * Float.BYTES;
    for (int row = 0; row < rows; row++) {
      MemorySegment.copy(vector, 0, out, row * rowBytes, rowBytes);
    }
  }
}
