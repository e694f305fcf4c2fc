package io.tidemill.serving.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * The counters and histograms of one server. Any thread.
 *
 * <p>Names begin with {@code tidemill_}; those that dashboards for Triton read ({@code
 * nv_inference_*}) are there as well.
 */
public final class ServingMetrics implements AutoCloseable {
  private record Answer(String route, int status) {}

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<Answer, Counter> answers = new ConcurrentHashMap<>();

  /** Counts an HTTP answer. */
  public void answered(String route, int status) {
    answers.computeIfAbsent(new Answer(route, status), this::counter).increment();
  }

  /**
   * Shows how many connections are open, and how many bytes of bodies they make the server hold.
   */
  public void watch(IntSupplier connections, LongSupplier heldBodyBytes) {
    Gauge.builder("tidemill.http.connections", connections::getAsInt)
        .description("Connections that are open")
        .register(registry);
    Gauge.builder("tidemill.http.held.body.bytes", heldBodyBytes::getAsLong)
        .description("Bytes of the bodies of requests that are not answered")
        .register(registry);
  }

  /** The meters of one model version, to be closed with it. */
  public ModelMeters model(String model, String version) {
    return new ModelMeters(registry, model, version);
  }

  /** All meters in Prometheus' text format 0.0.4. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    registry.close();
  }

  private Counter counter(Answer answer) {
    return Counter.builder("tidemill.http.requests")
        .description("HTTP requests answered, by route and status")
        .tag("route", answer.route())
        .tag("status", String.valueOf(answer.status()))
        .register(registry);
  }
}
