package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Element by element operations on {@code floats} float32 elements; out may be an input. */
final class ElementwiseKernels {
  private ElementwiseKernels() {}

  static void add(MemorySegment a, MemorySegment b, MemorySegment out, long floats) {
    add(a, 0, b, 0, out, 0, floats);
  }

  /** a + b, each from its own byte offset. */
  static void add(
      MemorySegment a,
      long aByte,
      MemorySegment b,
      long bByte,
      MemorySegment out,
      long outByte,
      long floats) {
    long whole = Lanes.wholeBytes(floats);
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector sum = Lanes.load(a, aByte + i).add(Lanes.load(b, bByte + i));
      Lanes.store(sum, out, outByte + i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      FloatVector sum = Lanes.load(a, aByte + whole, tail).add(Lanes.load(b, bByte + whole, tail));
      Lanes.store(sum, out, outByte + whole, tail);
    }
  }

  static void mul(MemorySegment a, MemorySegment b, MemorySegment out, long floats) {
    long whole = Lanes.wholeBytes(floats);
    for (long i = 0; i < whole; i += BYTES) {
      Lanes.store(Lanes.load(a, i).mul(Lanes.load(b, i)), out, i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      Lanes.store(Lanes.load(a, whole, tail).mul(Lanes.load(b, whole, tail)), out, whole, tail);
    }
  }

  static void scale(MemorySegment x, float factor, MemorySegment out, long floats) {
    long whole = Lanes.wholeBytes(floats);
    for (long i = 0; i < whole; i += BYTES) {
      Lanes.store(Lanes.load(x, i).mul(factor), out, i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      Lanes.store(Lanes.load(x, whole, tail).mul(factor), out, whole, tail);
    }
  }

  static void relu(MemorySegment x, MemorySegment out, long floats) {
    long whole = Lanes.wholeBytes(floats);
    for (long i = 0; i < whole; i += BYTES) {
      Lanes.store(Lanes.load(x, i).max(0f), out, i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      Lanes.store(Lanes.load(x, whole, tail).max(0f), out, whole, tail);
    }
  }

  static void reluGradient(MemorySegment y, MemorySegment dy, MemorySegment out, long floats) {
    long whole = Lanes.wholeBytes(floats);
    for (long i = 0; i < whole; i += BYTES) {
      Lanes.store(passWhereActive(Lanes.load(y, i), Lanes.load(dy, i)), out, i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      FloatVector passed = passWhereActive(Lanes.load(y, whole, tail), Lanes.load(dy, whole, tail));
      Lanes.store(passed, out, whole, tail);
    }
  }

  static void sigmoid(MemorySegment x, MemorySegment out, long floats) {
    long whole = Lanes.wholeBytes(floats);
    for (long i = 0; i < whole; i += BYTES) {
      FloatVector exponential = VectorMath.exp(Lanes.load(x, i).neg());
      Lanes.store(Lanes.broadcast(1).div(exponential.add(1f)), out, i);
    }
    for (long i = whole; i < floats * Float.BYTES; i += Float.BYTES) {
      out.set(JAVA_FLOAT, i, 1 / (VectorMath.exp(-x.get(JAVA_FLOAT, i)) + 1));
    }
  }

  static void sigmoidGradient(MemorySegment y, MemorySegment dy, MemorySegment out, long floats) {
    long whole = Lanes.wholeBytes(floats);
    for (long i = 0; i < whole; i += BYTES) {
      Lanes.store(sigmoidGradient(Lanes.load(y, i), Lanes.load(dy, i)), out, i);
    }
    VectorMask<Float> tail = Lanes.tail(floats);
    if (tail.anyTrue()) {
      FloatVector dx = sigmoidGradient(Lanes.load(y, whole, tail), Lanes.load(dy, whole, tail));
      Lanes.store(dx, out, whole, tail);
    }
  }

  static void signedLog1p(MemorySegment x, MemorySegment out, long floats) {
    for (long i = 0; i < floats * Float.BYTES; i += Float.BYTES) {
      out.set(JAVA_FLOAT, i, VectorMath.signedLog1p(x.get(JAVA_FLOAT, i)));
    }
  }

  static void signedLog1pGradient(
      MemorySegment x, MemorySegment dy, MemorySegment out, long floats) {
    for (long i = 0; i < floats * Float.BYTES; i += Float.BYTES) {
      out.set(JAVA_FLOAT, i, dy.get(JAVA_FLOAT, i) / (Math.abs(x.get(JAVA_FLOAT, i)) + 1));
    }
  }

  private static FloatVector passWhereActive(FloatVector y, FloatVector dy) {
    return Lanes.broadcast(0).blend(dy, y.compare(VectorOperators.GT, 0f));
  }

  private static FloatVector sigmoidGradient(FloatVector y, FloatVector dy) {
    return dy.mul(y).mul(Lanes.broadcast(1).sub(y));
  }
}
