package io.tidemill.local;

import io.tidemill.connector.Source;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Role;
import io.tidemill.train.Training;
import io.tidemill.train.TrainingProgress;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Reads the counters of a running job, and how fast they grow. Confined to the master's thread. */
final class ProgressMeter {
  private static final double SMOOTHING = 0.3;

  private final JobRuntime runtime;
  private final OptionalLong totalRecords;
  private long trainingSinceNs;
  private long samplesAtStart = -1;
  private long lastSamples;
  private long lastNs;
  private double rate;

  ProgressMeter(DataflowGraph graph, JobRuntime runtime) {
    this.runtime = runtime;
    this.totalRecords = total(graph);
    this.samplesAtStart = samples();
    this.lastSamples = samplesAtStart;
  }

  JobListener.Progress measure(long nowNs) {
    long samples = samples();
    updateRate(samples, nowNs);
    if (runtime.trainings().isEmpty()) {
      return new JobListener.Progress(
          runtime.recordsRead(),
          totalRecords,
          0,
          0,
          0,
          OptionalLong.empty(),
          0,
          0,
          OptionalDouble.empty(),
          0);
    }
    TrainingRun run = runtime.trainings().getFirst();
    TrainingProgress progress = run.progress();
    Training<?> training = run.training();
    long step = progress.step();
    long total = progress.totalSteps();
    long epoch = total <= 0 ? 1 : Math.min(training.epochs(), 1 + step * training.epochs() / total);
    return new JobListener.Progress(
        runtime.recordsRead(),
        totalRecords,
        epoch,
        training.epochs(),
        step,
        total < 0 ? OptionalLong.empty() : OptionalLong.of(total),
        samples,
        progress.skippedSteps(),
        Float.isNaN(progress.loss()) ? OptionalDouble.empty() : OptionalDouble.of(progress.loss()),
        rate);
  }

  /** From the first step of this attempt that was seen to the last. */
  double overallSamplesPerSecond() {
    long done = lastSamples - samplesAtStart;
    double seconds = (lastNs - trainingSinceNs) / 1e9;
    return done > 0 && seconds > 0 ? done / seconds : 0;
  }

  private long samples() {
    return runtime.trainings().stream().mapToLong(run -> run.progress().samples()).sum();
  }

  private void updateRate(long samples, long nowNs) {
    if (samples == lastSamples) {
      if (samples == samplesAtStart) {
        trainingSinceNs = nowNs; // not begun
        lastNs = nowNs;
      }
      return;
    }
    double seconds = (nowNs - lastNs) / 1e9;
    double now = seconds > 0 ? (samples - lastSamples) / seconds : rate;
    rate = rate == 0 ? now : rate + SMOOTHING * (now - rate);
    lastSamples = samples;
    lastNs = nowNs;
  }

  private static OptionalLong total(DataflowGraph graph) {
    long total = 0;
    for (var vertex : graph.vertices()) {
      if (vertex.role() instanceof Role.Reads(Source<?> source, var _)) {
        OptionalLong records = source.estimatedRecords();
        if (records.isEmpty()) {
          return OptionalLong.empty();
        }
        total += records.getAsLong();
      }
    }
    return OptionalLong.of(total);
  }
}
