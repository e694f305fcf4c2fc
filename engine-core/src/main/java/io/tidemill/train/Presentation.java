package io.tidemill.train;

import io.tidemill.channel.Element.Item;
import io.tidemill.device.Device;
import io.tidemill.operator.Operator;
import io.tidemill.operator.OperatorContext;
import io.tidemill.operator.Output;
import java.util.function.Function;

/** Makes a text with the trained weights when they come, for the report of the job. */
public final class Presentation implements Operator {
  private final String name;
  private final Training<?> training;
  private final Function<Predictor, String> text;
  private final Device device;
  private OperatorContext context;

  /** {@code name} is that of the text in the report. */
  public Presentation(
      String name, Training<?> training, Function<Predictor, String> text, Device device) {
    this.name = name;
    this.training = training;
    this.text = text;
    this.device = device;
  }

  @Override
  public void open(OperatorContext operatorContext) {
    context = operatorContext;
  }

  @Override
  public void process(Item item, Output out) {
    if (item.value() instanceof TrainedWeights weights) {
      try (Predictor predictor = new Predictor(training, weights, device)) {
        context.texts().accept(name, text.apply(predictor));
      }
    }
  }
}
