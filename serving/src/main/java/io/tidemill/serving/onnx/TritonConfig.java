package io.tidemill.serving.onnx;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a {@code config.pbtxt} says of a model, as far as it is of interest here; the rest is
 * skipped.
 *
 * @param maxBatchSize most rows of a batch, 0 where the model has no rows; empty where it is not
 *     said, and the model itself decides
 * @param inputs may be some of the model's, or none
 * @see <a
 *     href="https://github.com/triton-inference-server/server/blob/main/docs/user_guide">Triton,
 *     "Model Configuration"</a>
 */
record TritonConfig(
    Optional<String> name,
    Optional<String> platform,
    Optional<String> backend,
    Optional<Integer> maxBatchSize,
    List<Tensor> inputs,
    List<Tensor> outputs) {

  /** A tensor; {@code dims} without the rows where there is a batch size. */
  record Tensor(String name, String type, List<Integer> dims) {}

  static final TritonConfig NONE =
      new TritonConfig(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          List.of(),
          List.of());

  private static final String PLATFORM = "onnxruntime_onnx";
  private static final String BACKEND = "onnxruntime";

  static TritonConfig read(Path file) {
    try {
      return parse(file.getFileName().toString(), Files.readString(file));
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, file + " cannot be read: " + e, e);
    }
  }

  static TritonConfig parse(String where, String text) {
    TextFormat.Message message = TextFormat.read(where, text);
    return new TritonConfig(
        scalar(message, "name"),
        scalar(message, "platform"),
        scalar(message, "backend"),
        scalar(message, "max_batch_size").map(size -> number("max_batch_size", size)),
        tensors(message, "input"),
        tensors(message, "output"));
  }

  /**
   * The signature of a model with what is said here.
   *
   * @param model name of the folder
   * @throws EngineException INVALID_DATA naming the field that the model contradicts
   */
  CallSignature applyTo(String model, CallSignature found) {
    check("name", model, name);
    check("platform", PLATFORM, platform.filter(text -> !text.isEmpty()));
    check("backend", BACKEND, backend.filter(text -> !text.isEmpty()));
    boolean isBatched = maxBatchSize.map(size -> size > 0).orElse(false);
    if (isBatched) {
      checkRows("input", found.inputs());
      checkRows("output", found.outputs());
    }
    return new CallSignature(
        narrowed("input", found.inputs(), inputs, isBatched),
        narrowed("output", found.outputs(), outputs, isBatched),
        maxBatchSize.isPresent() ? isBatched : found.isBatchable());
  }

  private void checkRows(String field, List<TensorSpec> specs) {
    for (TensorSpec spec : specs) {
      if (!spec.shape().isOpen()) {
        throw wrong(
            "max_batch_size",
            "0, because %s \"%s\" has the shape %s".formatted(field, spec.name(), spec.shape()),
            maxBatchSize.orElseThrow());
      }
    }
  }

  private static List<TensorSpec> narrowed(
      String field, List<TensorSpec> specs, List<Tensor> said, boolean isBatched) {
    List<TensorSpec> narrowed = new ArrayList<>(specs);
    for (Tensor tensor : said) {
      List<String> names = specs.stream().map(TensorSpec::name).toList();
      int index = names.indexOf(tensor.name());
      if (index < 0) {
        throw wrong(field + " name", "one of " + names, tensor.name());
      }
      narrowed.set(index, narrowed(field, specs.get(index), tensor, isBatched));
    }
    return narrowed;
  }

  /** The tensor of the model, fixed where the configuration fixes what the model leaves open. */
  private static TensorSpec narrowed(
      String field, TensorSpec spec, Tensor said, boolean isBatched) {
    String where = field + " \"" + said.name() + "\" ";
    check(where + "data_type", "TYPE_" + spec.type().protocolName(), Optional.of(said.type()));
    int[] dims = spec.shape().dims();
    int first = isBatched ? 1 : 0;
    boolean fits = said.dims().size() == dims.length - first;
    for (int i = first; fits && i < dims.length; i++) {
      int dim = said.dims().get(i - first);
      fits = dim == dims[i] || dim == Shape.ANY || dims[i] == Shape.ANY;
      dims[i] = dims[i] == Shape.ANY ? dim : dims[i];
    }
    if (!fits) {
      List<Integer> expected = IntStream.of(spec.shape().dims()).skip(first).boxed().toList();
      throw wrong(where + "dims", expected, said.dims());
    }
    return new TensorSpec(spec.name(), spec.type(), Shape.open(dims));
  }

  private static List<Tensor> tensors(TextFormat.Message message, String field) {
    return message.values(field).stream()
        .map(
            value ->
                switch (value) {
                  case TextFormat.Message tensor -> tensor(field, tensor);
                  case TextFormat.Scalar(String text) -> throw wrong(field, "a message", text);
                })
        .toList();
  }

  private static Tensor tensor(String field, TextFormat.Message message) {
    String name = scalar(message, "name").orElseThrow(() -> wrong(field, "a name", "none"));
    String dims = field + " dims";
    List<Integer> sizes =
        message.values("dims").stream().map(value -> number(dims, text(dims, value))).toList();
    return new Tensor(name, scalar(message, "data_type").orElse("none"), sizes);
  }

  private static Optional<String> scalar(TextFormat.Message message, String field) {
    List<TextFormat.Value> values = message.values(field);
    return values.isEmpty() ? Optional.empty() : Optional.of(text(field, values.getLast()));
  }

  private static String text(String field, TextFormat.Value value) {
    return switch (value) {
      case TextFormat.Scalar(String text) -> text;
      case TextFormat.Message _ -> throw wrong(field, "a value", "a message");
    };
  }

  private static int number(String field, String text) {
    if (!text.matches("-1|[0-9]{1,9}")) {
      throw wrong(field, "a number", text);
    }
    return Integer.parseInt(text);
  }

  private static void check(String field, String expected, Optional<String> found) {
    if (found.isPresent() && !found.get().equals(expected)) {
      throw wrong(field, expected, found.get());
    }
  }

  private static EngineException wrong(String field, Object expected, Object found) {
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "config.pbtxt %s: expected %s, found %s".formatted(field, expected, found));
  }
}
