package io.tidemill.benchmarks.serve;

import io.tidemill.benchmarks.serve.ServedModel.Layered;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes a {@link ServedModel} as an ONNX file, for the runtimes that it is compared with: Gemm and
 * Relu, then Softmax and ArgMax.
 *
 * @see <a href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</a>, whose field
 *     numbers these are
 */
final class OnnxWriter {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;
  private static final int ATTRIBUTE_INT = 2;
  private static final long IR_VERSION = 8;
  private static final long OPSET = 17;

  private OnnxWriter() {}

  /** Writes the file. */
  static void write(ServedModel model, Path file) {
    try {
      Files.write(file, model(model.layers()).bytes());
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, file + " cannot be written: " + e, e);
    }
  }

  private static Message model(List<Layered> layers) {
    return new Message()
        .number(1, IR_VERSION)
        .text(2, "tidemill bench")
        .message(7, graph(layers))
        .message(8, new Message().number(2, OPSET));
  }

  private static Message graph(List<Layered> layers) {
    Message graph = new Message();
    String x = ServedModel.INPUT;
    for (int i = 0; i < layers.size(); i++) {
      String y = "dense-" + i;
      graph.message(1, node("Gemm", y, x, "weight-" + i, "bias-" + i));
      x = y;
      if (i < layers.size() - 1) {
        graph.message(1, node("Relu", "relu-" + i, x));
        x = "relu-" + i;
      }
    }
    graph.message(1, node("Softmax", ServedModel.PROBABILITIES, x).message(5, integer("axis", 1)));
    graph.message(
        1,
        node("ArgMax", ServedModel.LABEL, x)
            .message(5, integer("axis", 1))
            .message(5, integer("keepdims", 0)));
    graph.text(2, ServedModel.NAME);
    for (int i = 0; i < layers.size(); i++) {
      Layered layer = layers.get(i);
      graph.message(5, tensor("weight-" + i, layer.weight(), layer.in(), layer.out()));
      graph.message(5, tensor("bias-" + i, layer.bias(), layer.out()));
    }
    int classes = layers.getLast().out();
    return graph
        .message(11, value(ServedModel.INPUT, FLOAT, layers.getFirst().in()))
        .message(12, value(ServedModel.PROBABILITIES, FLOAT, classes))
        .message(12, value(ServedModel.LABEL, INT64));
  }

  private static Message node(String op, String output, String... inputs) {
    Message node = new Message();
    for (String input : inputs) {
      node.text(1, input);
    }
    return node.text(2, output).text(3, "make-" + output).text(4, op);
  }

  private static Message integer(String name, long value) {
    return new Message().text(1, name).number(3, value).number(20, ATTRIBUTE_INT);
  }

  private static Message tensor(String name, float[] data, int... shape) {
    ByteBuffer raw = ByteBuffer.allocate(data.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(data);
    Message tensor = new Message();
    for (int dimension : shape) {
      tensor.number(1, dimension);
    }
    return tensor.number(2, FLOAT).text(8, name).raw(9, raw.array());
  }

  /** Any number of rows of so many columns; of plain numbers where none are given. */
  private static Message value(String name, int type, int... columns) {
    Message shape = new Message().message(1, new Message().text(2, "rows"));
    for (int column : columns) {
      shape.message(1, new Message().number(1, column));
    }
    Message tensor = new Message().number(1, type).message(2, shape);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  }

  /** A message of Protocol Buffers in the making: fields one after the other. */
  private static final class Message {
    private static final int VARINT = 0;
    private static final int LENGTH = 2;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint((long) field << 3 | VARINT);
      varint(value);
      return this;
    }

    Message text(int field, String value) {
      return raw(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return raw(field, value.bytes());
    }

    Message raw(int field, byte[] value) {
      varint((long) field << 3 | LENGTH);
      varint(value.length);
      out.writeBytes(value);
      return this;
    }

    byte[] bytes() {
      return out.toByteArray();
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7FL) != 0) {
        out.write((int) ((rest & 0x7F) | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
    }
  }
}
