package io.tidemill.device.cpu.x86;

/**
 * Numbers that lie behind the code, eight or a multiple.
 *
 * @param offset bytes from the first of all constants
 */
public record Constant(int offset) implements Operand {}
