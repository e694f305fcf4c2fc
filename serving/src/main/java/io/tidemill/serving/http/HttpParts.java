package io.tidemill.serving.http;

import io.tidemill.serving.call.ModelCalls;
import io.tidemill.serving.metrics.ServingMetrics;
import io.tidemill.serving.registry.ModelRegistry;
import java.util.function.BooleanSupplier;
import org.apache.pekko.stream.Materializer;

/**
 * What routes are made of.
 *
 * @param bodies reads bodies within the server's limits
 * @param materializer runs streams, for those who read bodies within other limits
 * @param serverVersion of this program
 * @param isReady whether requests for a model can be answered now
 */
public record HttpParts(
    ModelRegistry registry,
    ModelCalls calls,
    ServingMetrics metrics,
    BodyReader bodies,
    Materializer materializer,
    String serverVersion,
    BooleanSupplier isReady) {
  HttpCalls httpCalls() {
    return new HttpCalls(calls);
  }
}
