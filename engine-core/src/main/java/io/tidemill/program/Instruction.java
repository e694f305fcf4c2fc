package io.tidemill.program;

import java.util.List;

/**
 * One operation of a program.
 *
 * @param op what to do
 * @param inputs ids of the values read, in the order that the operation names them
 * @param output id of the value written; no other instruction writes it
 * @param layer the layer that asked for it, for error sentences and profiles
 * @param place which of the workers that share the program computes it, counted from 0; 0 in a
 *     program that is not {@linkplain Segments shared}
 */
public record Instruction(Op op, List<Integer> inputs, int output, String layer, int place) {
  public Instruction {
    inputs = List.copyOf(inputs);
  }

  /** This instruction with another operation, operands and result. */
  Instruction with(Op otherOp, List<Integer> otherInputs, int otherOutput) {
    return new Instruction(otherOp, otherInputs, otherOutput, layer, place);
  }

  Instruction at(int otherPlace) {
    return new Instruction(op, inputs, output, layer, otherPlace);
  }

  @Override
  public String toString() {
    return output + " = " + op.describe() + inputs + " of " + layer + " at " + place;
  }
}
