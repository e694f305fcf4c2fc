package io.tidemill.serving.call;

import io.tidemill.serving.inference.Urgency;
import io.tidemill.tensor.NamedTensor;
import java.util.List;

/** What a model is asked, as a protocol has read it. */
public interface ModelCall {
  /** One for each of the signature's inputs, in its order, with as many rows as each other. */
  List<NamedTensor> inputs();

  /** How much it presses by what it says itself; {@code unlessSaid} where it says nothing. */
  Urgency urgency(Urgency unlessSaid);
}
