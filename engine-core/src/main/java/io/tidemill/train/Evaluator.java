package io.tidemill.train;

import io.tidemill.channel.Element.Item;
import io.tidemill.codec.ByteReader;
import io.tidemill.codec.ByteWriter;
import io.tidemill.codec.Codec;
import io.tidemill.device.Device;
import io.tidemill.device.DeviceBuffer;
import io.tidemill.device.Execution;
import io.tidemill.metric.Metric;
import io.tidemill.operator.Operator;
import io.tidemill.operator.OperatorContext;
import io.tidemill.operator.Output;
import io.tidemill.operator.RestoredState;
import io.tidemill.operator.StatePart;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Collects examples, and when the trained weights come, measures them on all.
 *
 * <p>The weights come last in the order of the job, so no example is missed. A slice is a batch.
 */
public final class Evaluator<T> implements Operator {
  private static final String KIND = "examples";

  /** As serving runs them: with oneDNN the last bits of a row depend on the rows of its program. */
  static final int BATCH_ROWS = 16;

  private final Training<T> training;
  private final List<Metric<T>> metrics;
  private final Codec<Object> codec;
  private final Device device;
  private final RowWriter<T> rows;
  private final Labels labels;
  private final List<T> examples = new ArrayList<>();
  private OperatorContext context;

  /** The last snapshot, while no example has come since. */
  private StatePart unchanged;

  private List<Metric.Accumulator<T>> accumulators = List.of();
  private DeviceBuffer parameters;
  private Execution execution;

  /** For one example at a time; absent where no metric wants the loss. */
  private Optional<Execution> loss = Optional.empty();

  private int next;

  /** One example; off the heap as training's rows are, whose loops are compiled for such memory. */
  private final MemorySegment row;

  /** {@code codec} is that of the examples. */
  public Evaluator(
      Training<T> training, List<Metric<T>> metrics, Codec<Object> codec, Device device) {
    this.training = training;
    this.metrics = List.copyOf(metrics);
    this.codec = codec;
    this.device = device;
    this.rows = new RowWriter<>(training.encoding());
    this.labels = new Labels(training);
    this.row = Arena.ofAuto().allocate(training.encoding().rowBytes(), Long.BYTES);
  }

  @Override
  public void open(OperatorContext operatorContext) {
    context = operatorContext;
  }

  @Override
  @SuppressWarnings("unchecked") // the DSL typed the edge
  public void process(Item item, Output out) {
    if (item.value() instanceof TrainedWeights weights) {
      begin(weights);
    } else {
      examples.add((T) item.value());
      unchanged = null;
    }
  }

  @Override
  public boolean isBusy() {
    return parameters != null;
  }

  @Override
  public void work(Output out) {
    int count = Math.min(BATCH_ROWS, examples.size() - next);
    predict(count);
    next += count;
    if (next == examples.size()) {
      context.metrics().accept(values());
      presentTables();
      close();
    }
  }

  @Override
  public List<StatePart> snapshot(long checkpoint) {
    if (unchanged == null) {
      ByteWriter out = new ByteWriter();
      out.writeVarInt(examples.size());
      examples.forEach(example -> codec.encode(example, out));
      unchanged = StatePart.of(KIND, out.toByteArray());
    }
    return List.of(unchanged);
  }

  @Override
  @SuppressWarnings("unchecked") // the codec is that of the examples
  public void restore(RestoredState state) {
    for (byte[] part : state.bytes(KIND)) {
      ByteReader in = new ByteReader(part);
      for (int left = in.readVarInt(); left > 0; left--) {
        examples.add((T) codec.decode(in));
      }
    }
  }

  @Override
  public void close() {
    if (parameters != null) {
      parameters.close();
      execution.close();
      loss.ifPresent(Execution::close);
      parameters = null;
    }
  }

  private void begin(TrainedWeights weights) {
    parameters = device.allocate(weights.parameters().length);
    parameters.write(0, MemorySegment.ofArray(weights.parameters()));
    execution =
        device
            .compile(training.network().prediction(training.loss()).bind(BATCH_ROWS))
            .newExecution();
    if (metrics.stream().anyMatch(Metric::needsLoss)) {
      loss = Optional.of(openLoss());
    }
    accumulators = metrics.stream().map(Metric::start).toList();
    next = 0;
  }

  private void predict(int count) {
    MemorySegment features = execution.input("input");
    for (int i = 0; i < count; i++) {
      rows.write(examples.get(next + i), row);
      rows.readFeatures(row, features, i);
      if (loss.isPresent()) {
        measureLoss(next + i, loss.get());
      }
    }
    execution.run(parameters);
    MemorySegment output = execution.output(training.loss().answer());
    float[] prediction = new float[(int) training.network().outputShape().elements()];
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(
          output,
          ValueLayout.JAVA_FLOAT,
          (long) i * prediction.length * Float.BYTES,
          prediction,
          0,
          prediction.length);
      for (Metric.Accumulator<T> accumulator : accumulators) {
        accumulator.add(examples.get(next + i), prediction);
      }
    }
  }

  /** The loss of one example has the bits of that example alone, whoever stands beside it. */
  private Execution openLoss() {
    Execution opened =
        device.compile(training.network().evaluation(training.loss(), 1)).newExecution();
    opened.input("weights").set(ValueLayout.JAVA_FLOAT, 0, 1);
    return opened;
  }

  private void measureLoss(int example, Execution opened) {
    rows.readFeatures(row, opened.input("features"), 0);
    labels.read(row, opened.input("labels"), 0, () -> " in example " + example);
    opened.run(parameters);
    float found = opened.output("loss").get(ValueLayout.JAVA_FLOAT, 0);
    accumulators.forEach(accumulator -> accumulator.addLoss(examples.get(example), found));
  }

  private void presentTables() {
    for (int i = 0; i < metrics.size(); i++) {
      String name = metrics.get(i).name();
      accumulators.get(i).table().ifPresent(table -> context.texts().accept(name, table));
    }
  }

  /** What the examples determine: a metric of no examples, or of one class, has no value. */
  private Map<String, Double> values() {
    Map<String, Double> values = new TreeMap<>();
    for (int i = 0; i < metrics.size(); i++) {
      double value = accumulators.get(i).value();
      if (Double.isFinite(value)) {
        values.put(metrics.get(i).name(), value);
      }
    }
    return values;
  }
}
