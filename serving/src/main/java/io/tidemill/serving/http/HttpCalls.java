package io.tidemill.serving.http;

import io.tidemill.serving.call.Answered;
import io.tidemill.serving.call.Asked;
import io.tidemill.serving.call.Asking;
import io.tidemill.serving.call.ModelCalls;
import io.tidemill.serving.call.Outcome;
import io.tidemill.serving.call.Refused;
import io.tidemill.serving.inference.CallSignature;
import io.tidemill.serving.traffic.StickyKey;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * Makes the calls that come over HTTP, withdraws those whose client has left, and answers. Any
 * thread; an answer is made on the thread that computed it.
 */
final class HttpCalls {
  private static final String STICKY_KEY = "X-Sticky-Key";

  /** Who asks over which connection, and how; taken when the head of the request has come. */
  record Client(Caller caller, Asking asking) {
    static Client of(HttpRequest request) {
      Optional<String> key = request.getHeader(STICKY_KEY).map(HttpHeader::value);
      Asking asking =
          new Asking(
              key.isEmpty() ? StickyKey.NONE : new StickyKey(key),
              UrgencyHeaders.of(request),
              System.nanoTime());
      return new Client(Caller.of(request), asking);
    }
  }

  private final ModelCalls calls;

  HttpCalls(ModelCalls calls) {
    this.calls = calls;
  }

  /** Answers a call; for the rest see {@link ModelCalls#ask}. */
  CompletionStage<HttpResponse> answer(
      String model,
      Optional<String> version,
      Client client,
      BooleanSupplier mayPress,
      Function<CallSignature, HttpCall> reader) {
    Asked<HttpCall> asked = calls.ask(model, version, client.asking(), mayPress, reader);
    client.caller().ifLeaving(asked.withdraw());
    return asked
        .outcome()
        .thenApply(
            outcome -> {
              client.caller().isAnswered();
              return reply(outcome);
            });
  }

  private static HttpResponse reply(Outcome<HttpCall> outcome) {
    return switch (outcome) {
      case Answered<HttpCall> answered ->
          answered.call().answer(answered.model(), answered.outputs());
      case Refused<HttpCall> refused -> Replies.refusal(refused.refusal());
    };
  }
}
