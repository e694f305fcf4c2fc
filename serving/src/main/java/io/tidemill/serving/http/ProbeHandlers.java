package io.tidemill.serving.http;

import io.tidemill.serving.metrics.ServingMetrics;
import io.tidemill.serving.protocol.JsonTree;
import io.tidemill.serving.protocol.ProtocolWriter;
import io.tidemill.serving.registry.ModelRegistry;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** What operators and orchestrators ask: alive, ready, metrics, and a page for people. */
final class ProbeHandlers {
  private static final ContentType PROMETHEUS =
      ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

  private final ModelRegistry registry;
  private final ServingMetrics metrics;
  private final BooleanSupplier isReady;

  /**
   * Probes of one server.
   *
   * @param isReady whether requests for a model can be answered now
   */
  ProbeHandlers(ModelRegistry registry, ServingMetrics metrics, BooleanSupplier isReady) {
    this.registry = registry;
    this.metrics = metrics;
    this.isReady = isReady;
  }

  CompletionStage<HttpResponse> live(HttpRequest request, PathValues values) {
    return reply(Replies.json(200, ProtocolWriter.flag("live", true)));
  }

  CompletionStage<HttpResponse> alive(HttpRequest request, PathValues values) {
    return reply(Replies.json(200, ProtocolWriter.flag("alive", true)));
  }

  CompletionStage<HttpResponse> ready(HttpRequest request, PathValues values) {
    boolean ready = isReady.getAsBoolean();
    return reply(Replies.json(ready ? 200 : 503, ProtocolWriter.flag("ready", ready)));
  }

  CompletionStage<HttpResponse> metrics(HttpRequest request, PathValues values) {
    byte[] text = metrics.scrape().getBytes(StandardCharsets.UTF_8);
    return reply(Replies.bytes(200, PROMETHEUS, text));
  }

  /** For people; clients of KServe's V1, which ask for JSON alone, are told that it is alive. */
  CompletionStage<HttpResponse> page(HttpRequest request, PathValues values) {
    if (request.getHeader("Accept").filter(accept -> isJsonOnly(accept.value())).isPresent()) {
      return reply(Replies.json(200, JsonTree.write(Map.of("status", "alive"))));
    }
    byte[] html = ModelPage.of(registry.models()).getBytes(StandardCharsets.UTF_8);
    return reply(Replies.bytes(200, ContentTypes.TEXT_HTML_UTF8, html));
  }

  private static boolean isJsonOnly(String accept) {
    return accept.contains("application/json") && !accept.contains("html");
  }

  private static CompletionStage<HttpResponse> reply(HttpResponse response) {
    return CompletableFuture.completedStage(response);
  }
}
