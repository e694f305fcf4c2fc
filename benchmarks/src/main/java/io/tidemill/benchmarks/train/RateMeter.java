package io.tidemill.benchmarks.train;

import io.tidemill.benchmarks.report.ScratchFolder;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.local.JobListener;
import io.tidemill.local.LocalJob;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Steps per second of a job, once it has settled. Confined to the thread that runs the job.
 *
 * <p>Steps are counted when the job reports, some ten times a second; the error is below one step
 * at either end.
 */
public final class RateMeter implements JobListener {
  /** As in {@code peers/protocol.py}. */
  private static final long SETTLE_NS = 300_000_000;

  private final long windowNs;
  private final Runnable whenDone;
  private long firstSeenNs;
  private long beganNs;
  private long beganStep;
  private double rate;

  /**
   * @param seconds how long to measure
   * @param whenDone called once, when that has been
   */
  public RateMeter(double seconds, Runnable whenDone) {
    this.windowNs = (long) (seconds * 1e9);
    this.whenDone = whenDone;
  }

  /**
   * Runs a job, and cancels it when it has been measured.
   *
   * @param seconds how long to measure
   * @param folder where the job's state directory goes, which is removed
   * @param define the job with this state directory
   * @param run runs the job, watched by a meter
   * @return steps per second
   */
  public static double measure(
      double seconds,
      Path folder,
      Function<Path, LocalJob> define,
      BiConsumer<LocalJob, RateMeter> run) {
    try (ScratchFolder state = ScratchFolder.createIn(folder, "job")) {
      LocalJob job = define.apply(state.path());
      EngineException measured = new EngineException(ErrorCode.RESOURCE, "measured");
      RateMeter meter = new RateMeter(seconds, () -> job.cancel(measured));
      try {
        run.accept(job, meter);
      } catch (EngineException e) {
        if (e != measured) {
          throw e;
        }
      }
      return meter.rate();
    }
  }

  @Override
  public void progress(Progress progress) {
    at(System.nanoTime(), progress.step());
  }

  void at(long nowNs, long step) {
    if (step == 0 || rate > 0) {
      return;
    }
    if (firstSeenNs == 0) {
      firstSeenNs = nowNs;
    } else if (beganNs == 0) {
      if (nowNs - firstSeenNs >= SETTLE_NS) {
        beganNs = nowNs;
        beganStep = step;
      }
    } else if (nowNs - beganNs >= windowNs && step > beganStep) {
      rate = (step - beganStep) / ((nowNs - beganNs) / 1e9);
      whenDone.run();
    }
  }

  /** 0 before the window has ended. */
  public double rate() {
    return rate;
  }
}
