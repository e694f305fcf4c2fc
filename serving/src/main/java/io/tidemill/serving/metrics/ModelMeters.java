package io.tidemill.serving.metrics;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.tidemill.serving.metrics.ModelStatistics.Total;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * The meters of one model version. Any thread; closing removes them from the scrape, so that
 * versions that come and go do not pile up.
 *
 * <p>The {@code nv_inference_*} series are those of Triton, in its units (microseconds). They are
 * gauges over sums that only grow, because the registry would end a counter's name in {@code
 * _total}, which Triton's do not.
 */
public final class ModelMeters implements AutoCloseable {
  private static final Duration[] LATENCY_BUCKETS = {
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofNanos(2_500_000_000L),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10)
  };
  private static final double[] ROW_BUCKETS = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

  private final MeterRegistry registry;
  private final Tags tags;
  private final List<Meter> meters = new ArrayList<>();

  private final LongAdder successes = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder failureNs = new LongAdder();
  private final LongAdder queued = new LongAdder();
  private final LongAdder rows = new LongAdder();
  private final LongAdder batches = new LongAdder();
  private final LongAdder requestNs = new LongAdder();
  private final LongAdder queueNs = new LongAdder();
  private final LongAdder computeNs = new LongAdder();
  private final LongAdder abandoned = new LongAdder();
  private final LongAdder pendingRequests = new LongAdder();
  private final LongAdder pendingRows = new LongAdder();

  private volatile long lastMs;

  private final Timer requestTimer;
  private final Timer queueTimer;
  private final Timer computeTimer;
  private final DistributionSummary batchRows;

  ModelMeters(MeterRegistry registry, String model, String version) {
    this.registry = registry;
    this.tags = Tags.of("model", model, "version", version);
    requestTimer = timer("tidemill.inference.request", "From a request's arrival to its answer");
    queueTimer = timer("tidemill.inference.queue", "From a request's arrival to its first batch");
    computeTimer = timer("tidemill.inference.compute", "One batch on the device");
    batchRows =
        keep(
            DistributionSummary.builder("tidemill.batch.rows")
                .description("Rows of requests in one batch, without padding")
                .serviceLevelObjectives(ROW_BUCKETS)
                .tags(tags)
                .register(registry));
    gauge("tidemill.queue.rows", "Rows that wait for an executor", pendingRows, 1);
    gauge("tidemill.inference.abandoned", "Requests left or expired in the queue", abandoned, 1);
    tritonSums();
  }

  /** A request was queued. */
  public void queued(int requestRows) {
    pendingRequests.increment();
    pendingRows.add(requestRows);
  }

  /** Rows were taken from the queue; with the first of a request, it is no longer waiting. */
  public void dequeued(int takenRows, boolean isFirst, long waitedNs) {
    pendingRows.add(-takenRows);
    if (isFirst) {
      pendingRequests.decrement();
      queued.increment();
      queueNs.add(waitedNs);
      queueTimer.record(waitedNs, TimeUnit.NANOSECONDS);
    }
  }

  /** A request left the queue uncomputed: its client had gone, or its time was over. */
  public void abandoned(int untakenRows, boolean isWhole) {
    pendingRows.add(-untakenRows);
    abandoned.increment();
    if (isWhole) {
      pendingRequests.decrement();
    }
  }

  /** A batch was executed. */
  public void executed(int rowsInBatch, long durationNs) {
    batches.increment();
    rows.add(rowsInBatch);
    computeNs.add(durationNs);
    batchRows.record(rowsInBatch);
    computeTimer.record(durationNs, TimeUnit.NANOSECONDS);
  }

  /** A request was answered with its outputs. */
  public void succeeded(long durationNs) {
    successes.increment();
    lastMs = System.currentTimeMillis();
    requestNs.add(durationNs);
    requestTimer.record(durationNs, TimeUnit.NANOSECONDS);
  }

  /** A request for this model was refused or failed. */
  public void failed(long durationNs) {
    failures.increment();
    failureNs.add(durationNs);
  }

  /** What has been counted so far. */
  public ModelStatistics statistics() {
    return new ModelStatistics(
        lastMs,
        rows.sum(),
        batches.sum(),
        new Total(successes.sum(), requestNs.sum()),
        new Total(failures.sum(), failureNs.sum()),
        new Total(queued.sum(), queueNs.sum()),
        new Total(batches.sum(), computeNs.sum()));
  }

  @Override
  public void close() {
    meters.forEach(registry::remove);
    meters.clear();
  }

  private void tritonSums() {
    gauge("nv_inference_request_success", "Requests answered", successes, 1);
    gauge("nv_inference_request_failure", "Requests refused or failed", failures, 1);
    gauge("nv_inference_count", "Rows inferred", rows, 1);
    gauge("nv_inference_exec_count", "Batches executed", batches, 1);
    gauge("nv_inference_pending_request_count", "Requests that wait", pendingRequests, 1);
    gauge("nv_inference_request_duration_us", "Time of requests, summed", requestNs, 1e-3);
    gauge("nv_inference_queue_duration_us", "Time in the queue, summed", queueNs, 1e-3);
    gauge("nv_inference_compute_infer_duration_us", "Time of batches, summed", computeNs, 1e-3);
  }

  private Timer timer(String name, String description) {
    return keep(
        Timer.builder(name)
            .description(description)
            .serviceLevelObjectives(LATENCY_BUCKETS)
            .tags(tags)
            .register(registry));
  }

  private void gauge(String name, String description, LongAdder sum, double scale) {
    keep(
        Gauge.builder(name, sum, value -> value.sum() * scale)
            .description(description)
            .tags(tags)
            .register(registry));
  }

  private <M extends Meter> M keep(M meter) {
    meters.add(meter);
    return meter;
  }
}
