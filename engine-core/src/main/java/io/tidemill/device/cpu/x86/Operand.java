package io.tidemill.device.cpu.x86;

/** What an instruction on vectors reads last: a register, memory, or a constant. */
public sealed interface Operand permits Ymm, Address, Constant {}
