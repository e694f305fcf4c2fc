package io.tidemill.device.cpu.x86;

/**
 * Memory at {@code base + index * scale + displacement}; no index where scale is 0.
 *
 * @param scale 0, 1, 2, 4 or 8
 * @param displacement bytes
 */
public record Address(Gpr base, Gpr index, int scale, int displacement) implements Operand {

  /** Memory some bytes behind where a register points. */
  public static Address of(Gpr base, int displacement) {
    return new Address(base, Gpr.RSP, 0, displacement);
  }

  /** Memory as many bytes behind where a register points as another one says. */
  public static Address of(Gpr base, Gpr index) {
    return new Address(base, index, 1, 0);
  }

  /** The same, so many bytes on. */
  public Address plus(int bytes) {
    return new Address(base, index, scale, displacement + bytes);
  }
}
