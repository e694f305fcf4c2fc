package io.tidemill.device.cpu;

import static io.tidemill.device.cpu.x86.VectorOp.VADDPS;
import static io.tidemill.device.cpu.x86.VectorOp.VANDPS;
import static io.tidemill.device.cpu.x86.VectorOp.VDIVPS;
import static io.tidemill.device.cpu.x86.VectorOp.VFMADD213PS;
import static io.tidemill.device.cpu.x86.VectorOp.VFMADD231PS;
import static io.tidemill.device.cpu.x86.VectorOp.VMULPS;
import static io.tidemill.device.cpu.x86.VectorOp.VORPS;
import static io.tidemill.device.cpu.x86.VectorOp.VPADDD;
import static io.tidemill.device.cpu.x86.VectorOp.VPSUBD;
import static io.tidemill.device.cpu.x86.VectorOp.VSUBPS;
import static io.tidemill.device.cpu.x86.VectorOp.VXORPS;

import io.tidemill.device.cpu.x86.Assembler;
import io.tidemill.device.cpu.x86.Constant;
import io.tidemill.device.cpu.x86.Ymm;

/**
 * Writes the functions of {@link VectorMath}: the same operations in the same order, so the same
 * bits. What a function is given in a register stays there; its result is in one that it takes.
 */
final class MathCode {
  private static final int MAGNITUDE = 0x7fffffff;
  private static final int SIGN = 0x80000000;

  private final Assembler code;
  private final Registers registers;

  MathCode(Assembler code, Registers registers) {
    this.code = code;
    this.registers = registers;
  }

  /** x where it is above 0 or NaN, else 0. */
  Ymm positive(Ymm x) {
    Ymm y = registers.take();
    code.notAtMost(y, x, number(0));
    code.op(VANDPS, y, y, x);
    return y;
  }

  /** The same in place. */
  void makePositive(Ymm x) {
    Ymm above = registers.take();
    code.notAtMost(above, x, number(0));
    code.op(VANDPS, x, x, above);
    registers.give(above);
  }

  Ymm negative(Ymm x) {
    Ymm y = registers.take();
    code.op(VXORPS, y, x, code.constant(SIGN));
    return y;
  }

  Ymm magnitude(Ymm x) {
    Ymm y = registers.take();
    code.op(VANDPS, y, x, code.constant(MAGNITUDE));
    return y;
  }

  /** 1 - x. */
  Ymm complement(Ymm x) {
    Ymm y = registers.take();
    code.load(y, number(1));
    code.op(VSUBPS, y, y, x);
    return y;
  }

  /** exp(x). */
  Ymm exp(Ymm x) {
    Ymm clamped = registers.take();
    Ymm shifted = registers.take();
    Ymm n = registers.take();
    code.less(n, x, number(VectorMath.LOWEST));
    code.blend(clamped, x, number(VectorMath.LOWEST), n);
    code.greater(n, x, number(VectorMath.HIGHEST));
    code.blend(clamped, clamped, number(VectorMath.HIGHEST), n);
    shift(shifted, n, clamped);
    Ymm p = polynomial(clamped, n);
    code.op(VADDPS, p, p, number(1));
    code.op(VPSUBD, shifted, shifted, code.constant(VectorMath.ROUND_BITS));
    code.shiftRight(n, shifted, 1);
    code.op(VPSUBD, shifted, shifted, n);
    powerOfTwo(n);
    powerOfTwo(shifted);
    code.op(VMULPS, p, p, n);
    code.op(VMULPS, p, p, shifted);
    registers.give(n, shifted, clamped);
    return p;
  }

  /** exp(x) for an x from -87 to 88, which becomes something else, or NaN. */
  Ymm expOfNoExtreme(Ymm x) {
    Ymm shifted = registers.take();
    Ymm n = registers.take();
    shift(shifted, n, x);
    Ymm p = polynomial(x, n);
    code.op(VADDPS, p, p, number(1));
    code.op(VPSUBD, shifted, shifted, code.constant(VectorMath.ROUND_BITS));
    powerOfTwo(shifted);
    code.op(VMULPS, p, p, shifted);
    registers.give(n, shifted);
    return p;
  }

  /** shifted = x log2(e) + 1.5 2^23, n the integer in it, and x becomes what n ln 2 leaves. */
  private void shift(Ymm shifted, Ymm n, Ymm x) {
    code.load(shifted, number(VectorMath.LOG2_E));
    code.op(VFMADD213PS, shifted, x, number(VectorMath.ROUND));
    code.op(VSUBPS, n, shifted, number(VectorMath.ROUND));
    code.op(VFMADD231PS, x, n, number(-VectorMath.LN2_HIGH));
    code.op(VFMADD231PS, x, n, number(-VectorMath.LN2_LOW));
  }

  /** exp(r) - 1; needs a register beside. */
  private Ymm polynomial(Ymm r, Ymm beside) {
    Ymm p = registers.take();
    horner(
        p,
        r,
        VectorMath.C7,
        VectorMath.C6,
        VectorMath.C5,
        VectorMath.C4,
        VectorMath.C3,
        VectorMath.C2);
    code.op(VMULPS, beside, r, r);
    code.op(VFMADD213PS, p, beside, r);
    return p;
  }

  /** p = ((c0 x + c1) x + c2) ... */
  private void horner(Ymm p, Ymm x, float... coefficients) {
    code.load(p, number(coefficients[0]));
    for (int i = 1; i < coefficients.length; i++) {
      code.op(VFMADD213PS, p, x, number(coefficients[i]));
    }
  }

  private void powerOfTwo(Ymm exponent) {
    code.op(VPADDD, exponent, exponent, code.constant(VectorMath.BIAS));
    code.shiftLeft(exponent, exponent, VectorMath.MANTISSA_BITS);
  }

  /** sign(x) log(1 + |x|). */
  Ymm signedLog1p(Ymm x) {
    Ymm size = magnitude(x);
    Ymm power = registers.take();
    code.op(VADDPS, power, size, number(1));
    code.op(VPSUBD, power, power, code.constant(VectorMath.ROOT_HALF_BITS));
    code.op(VANDPS, power, power, code.constant(VectorMath.EXPONENT));
    Ymm below = registers.take();
    code.load(below, code.constant(VectorMath.FOUR_BITS));
    code.op(VPSUBD, below, below, power);
    Ymm f = registers.take();
    code.load(f, number(0.25f));
    code.op(VFMADD213PS, below, f, number(-1));
    code.op(VPSUBD, f, size, power);
    code.op(VADDPS, f, f, below);
    Ymm n = power;
    code.shiftRight(n, power, VectorMath.MANTISSA_BITS);
    code.op(VPADDD, n, n, code.constant(VectorMath.ROUND_BITS));
    code.op(VSUBPS, n, n, number(VectorMath.ROUND));
    Ymm p = registers.take();
    horner(p, f, VectorMath.LOG_COEFFICIENTS);
    code.op(VMULPS, below, f, f);
    code.op(VMULPS, p, p, below);
    code.op(VFMADD231PS, p, n, number(VectorMath.LN2_LOW));
    code.op(VADDPS, p, p, f);
    code.op(VFMADD231PS, p, n, number(VectorMath.LN2_HIGH));
    // Infinity and NaN stay.
    code.op(VSUBPS, size, size, number(Float.MAX_VALUE));
    code.notAtMost(f, size, number(0));
    code.op(VANDPS, f, f, size);
    code.op(VADDPS, p, f, p);
    code.op(VANDPS, f, x, code.constant(SIGN));
    code.op(VORPS, p, p, f);
    registers.give(size, power, below, f);
    return p;
  }

  /** tanh(x). */
  Ymm tanh(Ymm x) {
    Ymm t = magnitude(x);
    Ymm shifted = registers.take();
    Ymm n = registers.take();
    code.op(VMULPS, t, t, number(-2));
    code.less(n, t, number(VectorMath.TANH_LOWEST));
    code.blend(t, t, number(VectorMath.TANH_LOWEST), n);
    shift(shifted, n, t);
    Ymm p = polynomial(t, n);
    code.op(VPSUBD, shifted, shifted, code.constant(VectorMath.ROUND_BITS));
    powerOfTwo(shifted);
    code.op(VSUBPS, n, shifted, number(1));
    code.op(VFMADD213PS, p, shifted, n);
    code.op(VADDPS, n, p, number(2));
    code.op(VXORPS, p, p, code.constant(SIGN));
    code.op(VDIVPS, p, p, n);
    code.op(VANDPS, n, x, code.constant(SIGN));
    code.op(VORPS, p, p, n);
    registers.give(n, shifted, t);
    return p;
  }

  /** |x|, at most 15; see {@link VectorMath#tailArgument}. */
  Ymm tailArgument(Ymm x) {
    Ymm size = magnitude(x);
    Ymm above = registers.take();
    code.greater(above, size, number(VectorMath.TAIL_HIGHEST));
    code.blend(size, size, number(VectorMath.TAIL_HIGHEST), above);
    registers.give(above);
    return size;
  }

  /** exp(-a² / 2). */
  Ymm bell(Ymm a) {
    Ymm argument = registers.take();
    code.op(VMULPS, argument, a, a);
    code.op(VMULPS, argument, argument, number(-0.5f));
    Ymm bell = exp(argument);
    registers.give(argument);
    return bell;
  }

  /** Φ(-a) exp(a² / 2); see {@link VectorMath#tailRatio}. */
  Ymm tailRatio(Ymm a) {
    Ymm t = registers.take();
    Ymm p = registers.take();
    code.load(p, number(VectorMath.TAIL_SCALE));
    code.op(VFMADD213PS, p, a, number(1));
    code.load(t, number(1));
    code.op(VDIVPS, t, t, p);
    horner(p, t, VectorMath.TAIL_COEFFICIENTS);
    code.op(VMULPS, p, p, t);
    registers.give(t);
    return p;
  }

  Constant number(float number) {
    return code.constant(number);
  }
}
