package io.tidemill.serving.http;

import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.protocol.InferBody;
import io.tidemill.serving.protocol.PredictRequestReader;
import io.tidemill.serving.protocol.PredictRequestReader.PredictRequest;
import io.tidemill.serving.protocol.ProtocolWriter;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** {@code POST /v1/models/{model}[/versions/{version}]:predict}. */
record V1Call(PredictRequest request) implements HttpCall {
  static V1Call read(InferBody body, CallSignature signature) {
    return new V1Call(PredictRequestReader.read(body, signature));
  }

  @Override
  public List<NamedTensor> inputs() {
    return request.inputs();
  }

  @Override
  public Urgency urgency(Urgency unlessSaid) {
    return unlessSaid;
  }

  @Override
  public HttpResponse answer(LoadedModel model, List<NamedTensor> outputs) {
    return Replies.json(
        200, ProtocolWriter.predictions(model.answerHead(), request.isByRow(), outputs));
  }
}
