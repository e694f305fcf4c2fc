package io.tidemill.device.cpu.x86;

/**
 * Instructions {@code to = a op b} on eight float32 or int32 lanes, or on four float64 lanes where
 * the name ends in PD, as the manual names them (Intel SDM, volume 2). Floats round to nearest, and
 * none is contracted but where FMA says so.
 */
public enum VectorOp {
  VADDPS(Prefix.NONE, Map.X0F, 0x58),
  VSUBPS(Prefix.NONE, Map.X0F, 0x5C),
  VMULPS(Prefix.NONE, Map.X0F, 0x59),
  VDIVPS(Prefix.NONE, Map.X0F, 0x5E),
  /** a where it is greater than b; else b, also where one is NaN. */
  VMAXPS(Prefix.NONE, Map.X0F, 0x5F),
  VANDPS(Prefix.NONE, Map.X0F, 0x54),
  /** (not a) and b. */
  VANDNPS(Prefix.NONE, Map.X0F, 0x55),
  VORPS(Prefix.NONE, Map.X0F, 0x56),
  VXORPS(Prefix.NONE, Map.X0F, 0x57),
  VUNPCKLPS(Prefix.NONE, Map.X0F, 0x14),
  VUNPCKHPS(Prefix.NONE, Map.X0F, 0x15),
  VUNPCKLPD(Prefix.X66, Map.X0F, 0x14),
  VUNPCKHPD(Prefix.X66, Map.X0F, 0x15),
  VADDPD(Prefix.X66, Map.X0F, 0x58),
  VSUBPD(Prefix.X66, Map.X0F, 0x5C),
  VMULPD(Prefix.X66, Map.X0F, 0x59),
  VDIVPD(Prefix.X66, Map.X0F, 0x5E),
  /** As {@link #VMAXPS}. */
  VMAXPD(Prefix.X66, Map.X0F, 0x5F),
  VPADDD(Prefix.X66, Map.X0F, 0xFE),
  VPSUBD(Prefix.X66, Map.X0F, 0xFA),
  /** to = a b + to. */
  VFMADD231PS(Prefix.X66, Map.X0F38, 0xB8),
  /** to = a to + b. */
  VFMADD213PS(Prefix.X66, Map.X0F38, 0xA8),
  /** to = a b + to. */
  VFMADD231PD(Prefix.X66, Map.X0F38, 0xB8) {
    @Override
    int wide() {
      return 1;
    }
  };

  /** What stands before the opcode, as VEX encodes it. */
  enum Prefix {
    NONE(0),
    X66(1),
    XF3(2),
    XF2(3);

    private final int code;

    Prefix(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /** Which table the opcode is of, as VEX encodes it. */
  enum Map {
    X0F(1),
    X0F38(2),
    X0F3A(3);

    private final int code;

    Map(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  private final Prefix prefix;
  private final Map map;
  private final int opcode;

  VectorOp(Prefix prefix, Map map, int opcode) {
    this.prefix = prefix;
    this.map = map;
    this.opcode = opcode;
  }

  Prefix prefix() {
    return prefix;
  }

  Map map() {
    return map;
  }

  int opcode() {
    return opcode;
  }

  /** The bit that tells doubles from floats where the prefix does not. */
  int wide() {
    return 0;
  }
}
