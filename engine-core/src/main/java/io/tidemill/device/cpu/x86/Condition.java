package io.tidemill.device.cpu.x86;

/** When a jump is taken, after a comparison of signed numbers. */
public enum Condition {
  EQUAL(0x4),
  NOT_EQUAL(0x5),
  LESS(0xC),
  NOT_LESS(0xD),
  NOT_GREATER(0xE),
  GREATER(0xF);

  private final int code;

  Condition(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
