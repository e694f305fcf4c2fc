package io.tidemill.serving.http;

import io.tidemill.serving.call.ModelCall;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** A call that came over HTTP, and knows how it is answered there. */
interface HttpCall extends ModelCall {
  /** The answer with all outputs of the model, in the signature's order. */
  HttpResponse answer(LoadedModel model, List<NamedTensor> outputs);
}
