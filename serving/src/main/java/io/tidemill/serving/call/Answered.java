package io.tidemill.serving.call;

import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.NamedTensor;
import java.util.List;

/**
 * A call was answered.
 *
 * @param model that answered; only what it says of itself is of use, for it may be unloaded by now
 * @param call as it was read
 * @param outputs all of the model's, in the signature's order
 */
public record Answered<C extends ModelCall>(LoadedModel model, C call, List<NamedTensor> outputs)
    implements Outcome<C> {}
