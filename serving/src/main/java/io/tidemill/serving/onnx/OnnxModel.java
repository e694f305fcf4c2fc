package io.tidemill.serving.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.model.OnnxFile;
import io.tidemill.serving.batch.BatchModel;
import io.tidemill.serving.batch.Slice;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.Shape;
import io.tidemill.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An ONNX model in ONNX Runtime: one session that all executors share, each computing with one
 * thread, its own.
 *
 * <p>A batch has the rows that wait and no others: what ONNX Runtime answers for a row did not
 * depend on how many there were. Measurements: docs/design/0015-onnx-models.md.
 */
public final class OnnxModel implements BatchModel {
  private final String name;
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final CallSignature signature;
  private final Set<String> outputNames;
  private final int rows;

  private OnnxModel(
      String name,
      OrtEnvironment environment,
      OrtSession session,
      CallSignature signature,
      int rows) {
    this.name = name;
    this.environment = environment;
    this.session = session;
    this.signature = signature;
    this.outputNames =
        signature.outputs().stream()
            .map(TensorSpec::name)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    this.rows = rows;
  }

  /**
   * Loads a file, and what lies beside it where the weights are there.
   *
   * @param batchRows most rows of a batch, unless the configuration says otherwise
   * @throws EngineException INVALID_DATA where ONNX Runtime cannot load it, or it is not what its
   *     {@code config.pbtxt} says
   */
  public static OnnxModel open(OnnxFile file, int batchRows) {
    try {
      OrtEnvironment environment = OnnxRuntime.environment();
      OrtSession session = session(environment, file);
      try {
        TritonConfig config = file.config().map(TritonConfig::read).orElse(TritonConfig.NONE);
        CallSignature signature = config.applyTo(file.name(), OnnxSignature.of(session));
        int rows = signature.isBatchable() ? config.maxBatchSize().orElse(batchRows) : 1;
        return new OnnxModel(file.name(), environment, session, signature, rows);
      } catch (RuntimeException | OrtException e) {
        session.close();
        throw e;
      }
    } catch (OrtException e) {
      throw refused(file, reason(e), e);
    } catch (EngineException e) {
      throw refused(file, e.getMessage(), e);
    }
  }

  @Override
  public CallSignature signature() {
    return signature;
  }

  @Override
  public int rows() {
    return rows;
  }

  /**
   * Runs on a row of zeros, where nothing but rows is open. What happens is not judged: zeros need
   * not be an input that the model takes.
   */
  @Override
  public void warm() {
    if (!signature.inputs().stream().allMatch(spec -> spec.shape().bind(1).isFixed())) {
      return;
    }
    try (Arena arena = Arena.ofConfined();
        Inputs inputs = new Inputs()) {
      for (TensorSpec spec : signature.inputs()) {
        Shape shape = spec.shape().bind(1);
        inputs.add(spec, shape, arena.allocate(bytes(spec, shape), Long.BYTES));
      }
      session.run(inputs.tensors).close();
    } catch (OrtException e) {
      return;
    }
  }

  @Override
  public void run(int thread, List<Slice> batch) {
    int batchRows = batch.stream().mapToInt(Slice::rows).sum();
    try (Arena arena = Arena.ofConfined();
        Inputs inputs = new Inputs()) {
      for (int i = 0; i < signature.inputs().size(); i++) {
        TensorSpec spec = signature.inputs().get(i);
        Shape one = batch.getFirst().inputShape(i);
        Shape shape = signature.isBatchable() ? one.withRows(batchRows) : one;
        MemorySegment data = arena.allocate(bytes(spec, shape), Long.BYTES);
        long at = 0;
        for (Slice slice : batch) {
          at = slice.copyInput(i, data, at);
        }
        inputs.add(spec, shape, data);
      }
      try (OrtSession.Result result = session.run(inputs.tensors, outputNames)) {
        for (int i = 0; i < signature.outputs().size(); i++) {
          answer(batch, batchRows, i, (OnnxTensor) result.get(i));
        }
      }
    } catch (OrtException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "model \"%s\" cannot compute these inputs: %s".formatted(name, reason(e)),
          e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new EngineException(ErrorCode.INTERNAL, "closing model " + name + ": " + reason(e), e);
    }
  }

  private void answer(List<Slice> batch, int batchRows, int output, OnnxTensor tensor) {
    Shape shape =
        Shape.of(Arrays.stream(tensor.getInfo().getShape()).mapToInt(Math::toIntExact).toArray());
    if (signature.isBatchable() && (shape.rank() == 0 || shape.dim(0) != batchRows)) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "output \"%s\" of model \"%s\": expected %d rows as the inputs have, found the shape %s;"
                  .formatted(signature.outputs().get(output).name(), name, batchRows, shape)
              + " where the first dimension counts something else, say max_batch_size: 0 in"
              + " config.pbtxt");
    }
    MemorySegment data = MemorySegment.ofBuffer(tensor.getByteBuffer());
    long at = 0;
    for (Slice slice : batch) {
      at = slice.copyOutput(output, shape, data, at);
    }
  }

  private static OrtSession session(OrtEnvironment environment, OnnxFile file) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return environment.createSession(file.file().toString(), options);
    }
  }

  private static long bytes(TensorSpec spec, Shape shape) {
    return shape.elements() * spec.type().bytes();
  }

  private static EngineException refused(OnnxFile file, String reason, Throwable cause) {
    return new EngineException(
        ErrorCode.INVALID_DATA,
        "model %s version %d: %s cannot be served: %s"
            .formatted(file.name(), file.version(), file.file(), reason),
        cause);
  }

  /** What ONNX Runtime says, without its codes, in one line. */
  private static String reason(OrtException e) {
    return e.getMessage()
        .replaceFirst("^Error code - \\w+ - message: ", "")
        .replaceAll("\\s+", " ")
        .strip();
  }

  /** The input tensors of one run, over memory of the caller's. */
  private final class Inputs implements AutoCloseable {
    final Map<String, OnnxTensor> tensors = new LinkedHashMap<>();

    void add(TensorSpec spec, Shape shape, MemorySegment data) throws OrtException {
      long[] dims = Arrays.stream(shape.dims()).asLongStream().toArray();
      tensors.put(
          spec.name(),
          OnnxTensor.createTensor(
              environment,
              data.asByteBuffer().order(ByteOrder.nativeOrder()),
              dims,
              OnnxTypes.inputTypeOf(spec.type()).orElseThrow()));
    }

    @Override
    public void close() {
      tensors.values().forEach(OnnxTensor::close);
    }
  }
}
