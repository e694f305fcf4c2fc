package io.tidemill.program;

import java.util.List;

/**
 * One operation of a program.
 *
 * @param op what to do
 * @param inputs ids of the values read, in the order that the operation names them
 * @param output id of the value written; no other instruction writes it
 * @param layer the layer that asked for it, for error sentences and profiles
 */
public record Instruction(Op op, List<Integer> inputs, int output, String layer) {
  public Instruction {
    inputs = List.copyOf(inputs);
  }
}
