package io.tidemill.program;

import io.tidemill.tensor.DataType;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;

/**
 * A typed tensor of a program: what an instruction reads or writes.
 *
 * <p>Identified by its position in {@link Program#values()}; the name is unique in the program and
 * is what {@code program.json} and error sentences say.
 */
public sealed interface Value {
  int id();

  String name();

  DataType type();

  Shape shape();

  /** This value with {@code rows} where its leading dimension was open. */
  default Value bind(int rows) {
    Shape bound = shape().bind(rows);
    return switch (this) {
      case Input input -> new Input(input.id, input.name, input.type, bound);
      case Parameter parameter -> parameter;
      case Constant constant -> new Constant(constant.id, constant.name, bound, constant.fill);
      case Computed computed -> new Computed(computed.id, computed.name, computed.type, bound);
    };
  }

  /** This value at another position. */
  default Value withId(int id) {
    return switch (this) {
      case Input input -> new Input(id, input.name, input.type, input.shape);
      case Parameter parameter ->
          new Parameter(id, parameter.name, parameter.shape, parameter.role);
      case Constant constant -> new Constant(id, constant.name, constant.shape, constant.fill);
      case Computed computed -> new Computed(id, computed.name, computed.type, computed.shape);
    };
  }

  /** Name, type and shape alone, as models and protocols state them. */
  default TensorSpec spec() {
    return new TensorSpec(name(), type(), shape());
  }

  /** Given by the caller before each run. */
  record Input(int id, String name, DataType type, Shape shape) implements Value {
    @Override
    public String toString() {
      return Value.text(this, "given");
    }
  }

  /**
   * Kept between runs in the parameter arena, float32.
   *
   * @param role what moves it
   */
  record Parameter(int id, String name, Shape shape, ParameterRole role) implements Value {
    @Override
    public DataType type() {
      return DataType.FLOAT32;
    }

    @Override
    public String toString() {
      return Value.text(this, role.toString());
    }
  }

  /** The same number everywhere, float32. */
  record Constant(int id, String name, Shape shape, float fill) implements Value {
    @Override
    public DataType type() {
      return DataType.FLOAT32;
    }

    @Override
    public String toString() {
      return Value.text(this, "filled with " + fill);
    }
  }

  /** Written by exactly one instruction. */
  record Computed(int id, String name, DataType type, Shape shape) implements Value {
    @Override
    public String toString() {
      return Value.text(this, "computed");
    }
  }

  private static String text(Value value, String how) {
    return value.id() + " " + value.name() + " " + value.type() + value.shape() + " " + how;
  }
}
