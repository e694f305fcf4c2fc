package io.tidemill.train;

import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.tensor.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Answers with trained weights, one sample at a time. A program for one row is quicker than those
 * that evaluation and serving run, and may differ from them in the last bits.
 *
 * <p>Used by one thread at a time.
 */
public final class Predictor implements AutoCloseable {
  private final DeviceBuffer parameters;
  private final Execution execution;
  private final MemorySegment input;
  private final DataType inputType;
  private final String answer;
  private final int width;

  Predictor(Training<?> training, TrainedWeights weights, Device device) {
    parameters = device.allocate(weights.parameters().length);
    parameters.write(0, MemorySegment.ofArray(weights.parameters()));
    execution =
        device.compile(training.network().prediction(training.loss()).bind(1)).newExecution();
    input = execution.input("input");
    inputType = training.network().inputType();
    answer = training.loss().answer();
    width = training.encoding().width();
  }

  /** The probabilities, or the prediction, for one sample of numbers. */
  public float[] predict(float... numbers) {
    return run(MemorySegment.ofArray(numbers), DataType.FLOAT32);
  }

  /** The same for one sample of ids. */
  public float[] predict(int... ids) {
    return run(MemorySegment.ofArray(ids), DataType.INT32);
  }

  private float[] run(MemorySegment sample, DataType type) {
    if (type != inputType || sample.byteSize() != (long) width * type.bytes()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "the model expects a sample of %d %s, found %d %s"
              .formatted(width, inputType, sample.byteSize() / type.bytes(), type));
    }
    MemorySegment.copy(sample, 0, input, 0, sample.byteSize());
    execution.run(parameters);
    MemorySegment answers = execution.output(answer);
    return answers.toArray(ValueLayout.JAVA_FLOAT);
  }

  @Override
  public void close() {
    execution.close();
    parameters.close();
  }
}
