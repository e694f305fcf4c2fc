package io.tidemill.serving;

import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.SafeTensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A model that src/test/python/make_onnx.py made, with inputs and what its framework answers. */
record OnnxFixture(String name, List<NamedTensor> inputs, List<NamedTensor> outputs) {
  private static final Path FOLDER = Path.of("src", "test", "resources", "onnx");

  static OnnxFixture of(String name) {
    SafeTensors tensors = SafeTensors.copy(FOLDER.resolve(name + ".safetensors"), Arena.ofAuto());
    return new OnnxFixture(name, named(tensors, "in/"), named(tensors, "out/"));
  }

  static Path file(String name) {
    return FOLDER.resolve(name + ".onnx");
  }

  /** Puts a model's file where a server looks, as version 1. */
  static void install(Path stateDir, String name) throws IOException {
    install(stateDir, name, name, 1);
  }

  static void install(Path stateDir, String name, String model, int version) throws IOException {
    Path folder = modelFolder(stateDir, model).resolve(String.valueOf(version));
    Files.createDirectories(folder);
    Files.copy(file(name), folder.resolve("model.onnx"));
  }

  static Path modelFolder(Path stateDir, String model) {
    return stateDir.resolve("models").resolve(model);
  }

  String path() {
    return "/v2/models/" + name + "/infer";
  }

  /** The V2 request with these inputs as JSON. */
  static String body(List<NamedTensor> inputs) {
    return inputs.stream()
        .map(
            input ->
                "{\"name\":\"%s\",\"datatype\":\"%s\",\"shape\":%s,\"data\":%s}"
                    .formatted(
                        input.name(),
                        input.type().protocolName(),
                        Arrays.toString(input.shape().dims()),
                        values(input)))
        .collect(Collectors.joining(",", "{\"inputs\":[", "]}"));
  }

  /** The V2 request whose tensors stand behind the JSON, and which asks for such an answer. */
  static String binaryHead(List<NamedTensor> inputs) {
    return inputs.stream()
        .map(
            input ->
                ("{\"name\":\"%s\",\"datatype\":\"%s\",\"shape\":%s,"
                        + "\"parameters\":{\"binary_data_size\":%d}}")
                    .formatted(
                        input.name(),
                        input.type().protocolName(),
                        Arrays.toString(input.shape().dims()),
                        input.data().byteSize()))
        .collect(
            Collectors.joining(
                ",", "{\"inputs\":[", "],\"parameters\":{\"binary_data_output\":true}}"));
  }

  /** The elements as Booleans, BigIntegers or Doubles. */
  static List<Object> values(NamedTensor tensor) {
    List<Object> values = new ArrayList<>();
    MemorySegment data = tensor.data();
    for (long i = 0; i < tensor.shape().elements(); i++) {
      values.add(
          switch (tensor.type()) {
            case FLOAT32 -> (double) data.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            case FLOAT64 -> data.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i);
            case FLOAT16 ->
                (double) Float.float16ToFloat(data.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i));
            case BFLOAT16 ->
                (double)
                    Float.intBitsToFloat(
                        data.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i) << 16);
            case BOOL -> data.get(ValueLayout.JAVA_BYTE, i) == 1;
            case INT8, INT16, INT32, INT64 -> integer(data, i, tensor.type().bytes());
            case UINT8, UINT16, UINT32, UINT64 -> {
              BigInteger signed = integer(data, i, tensor.type().bytes());
              BigInteger range = BigInteger.ONE.shiftLeft(8 * tensor.type().bytes());
              yield signed.mod(range);
            }
          });
    }
    return values;
  }

  private static BigInteger integer(MemorySegment data, long index, int bytes) {
    byte[] bigEndian = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      bigEndian[bytes - 1 - i] = data.get(ValueLayout.JAVA_BYTE, index * bytes + i);
    }
    return new BigInteger(bigEndian);
  }

  private static List<NamedTensor> named(SafeTensors tensors, String prefix) {
    return tensors.tensors().stream()
        .filter(tensor -> tensor.name().startsWith(prefix))
        .map(
            tensor ->
                new NamedTensor(
                    tensor.name().substring(prefix.length()),
                    tensor.type(),
                    tensor.shape(),
                    tensor.data()))
        .toList();
  }
}
