package io.tidemill.serving.http;

import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.inference.Urgency;
import io.tidemill.serving.protocol.InferBody;
import io.tidemill.serving.protocol.InferRequest;
import io.tidemill.serving.protocol.InferRequestReader;
import io.tidemill.serving.protocol.ProtocolWriter;
import io.tidemill.serving.registry.LoadedModel;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** {@code POST /v2/models/{model}[/versions/{version}]/infer}. */
record V2Call(InferRequest request) implements HttpCall {
  static V2Call read(InferBody body, CallSignature signature) {
    return new V2Call(InferRequestReader.read(body, signature));
  }

  @Override
  public List<NamedTensor> inputs() {
    return request.inputs();
  }

  @Override
  public Urgency urgency(Urgency unlessSaid) {
    return request.parameters().urgency(unlessSaid);
  }

  @Override
  public HttpResponse answer(LoadedModel model, List<NamedTensor> outputs) {
    InferBody body = ProtocolWriter.response(model.answerHead(), request, outputs);
    return body.isBinary()
        ? Replies.bytes(200, ContentTypes.APPLICATION_OCTET_STREAM, body.bytes())
            .addHeader(Replies.header(InferBody.JSON_LENGTH, String.valueOf(body.jsonBytes())))
        : Replies.json(200, body.bytes());
  }
}
