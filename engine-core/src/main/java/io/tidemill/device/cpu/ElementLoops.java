package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.Lanes.BYTES;

import io.tidemill.program.Op;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The element by element operations as {@link ElementLoop}s; float32. */
final class ElementLoops {
  private ElementLoops() {}

  static ElementLoop of(Op.Elementwise op) {
    return switch (op) {
      case Op.Add _ -> ElementLoops::add;
      case Op.Mul _ -> ElementLoops::mul;
      case Op.Scale(float factor) ->
          (x, xByte, _, _, out, outByte, bytes) -> scale(x, xByte, factor, out, outByte, bytes);
      case Op.Relu _ -> ElementLoops::relu;
      case Op.ReluGradient _ -> ElementLoops::reluGradient;
      case Op.SignedLog1p _ -> ElementLoops::signedLog1p;
      case Op.SignedLog1pGradient _ -> ElementLoops::signedLog1pGradient;
      case Op.Sigmoid _ -> ActivationLoops::sigmoid;
      case Op.SigmoidGradient _ -> ActivationLoops::sigmoidGradient;
      case Op.Tanh _ -> ActivationLoops::tanh;
      case Op.TanhGradient _ -> ActivationLoops::tanhGradient;
      case Op.Gelu _ -> ActivationLoops::gelu;
      case Op.GeluGradient _ -> ActivationLoops::geluGradient;
      case Op.Silu _ -> ActivationLoops::silu;
      case Op.SiluGradient _ -> ActivationLoops::siluGradient;
    };
  }

  static void add(
      MemorySegment a,
      long aByte,
      MemorySegment b,
      long bByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      Lanes.store(Lanes.load(a, aByte + i).add(Lanes.load(b, bByte + i)), out, outByte + i);
    }
  }

  static void mul(
      MemorySegment a,
      long aByte,
      MemorySegment b,
      long bByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      Lanes.store(Lanes.load(a, aByte + i).mul(Lanes.load(b, bByte + i)), out, outByte + i);
    }
  }

  static void scale(
      MemorySegment x, long xByte, float factor, MemorySegment out, long outByte, long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      Lanes.store(Lanes.load(x, xByte + i).mul(factor), out, outByte + i);
    }
  }

  static void relu(
      MemorySegment x,
      long xByte,
      MemorySegment unused,
      long unusedByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      Lanes.store(Lanes.load(x, xByte + i).max(0f), out, outByte + i);
    }
  }

  static void reluGradient(
      MemorySegment y,
      long yByte,
      MemorySegment dy,
      long dyByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector passed = Lanes.load(dy, dyByte + i);
      FloatVector active = Lanes.load(y, yByte + i);
      passed = Lanes.broadcast(0).blend(passed, active.compare(VectorOperators.GT, 0f));
      Lanes.store(passed, out, outByte + i);
    }
  }

  static void signedLog1p(
      MemorySegment x,
      long xByte,
      MemorySegment unused,
      long unusedByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      Lanes.store(VectorMath.signedLog1p(Lanes.load(x, xByte + i)), out, outByte + i);
    }
  }

  static void signedLog1pGradient(
      MemorySegment x,
      long xByte,
      MemorySegment dy,
      long dyByte,
      MemorySegment out,
      long outByte,
      long bytes) {
    for (long i = 0; i < bytes; i += BYTES) {
      FloatVector slope = Lanes.load(x, xByte + i).abs().add(1f);
      Lanes.store(Lanes.load(dy, dyByte + i).div(slope), out, outByte + i);
    }
  }
}
