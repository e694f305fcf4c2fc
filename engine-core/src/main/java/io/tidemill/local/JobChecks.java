package io.tidemill.local;

import io.tidemill.checkpoint.Manifest;
import io.tidemill.device.Device;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.train.CheckpointPolicy;
import io.tidemill.train.NonFinite;
import io.tidemill.train.Publishing;
import io.tidemill.train.Training;

/** What is refused before a job begins, each in one sentence. */
final class JobChecks {
  private JobChecks() {}

  /** Refuses a training that goes back to its last checkpoint where time decides when that is. */
  static void checkpoints(DataflowGraph graph, JobOptions options) {
    for (Vertex vertex : graph.vertices()) {
      if (vertex.role() instanceof Role.Trains(Training<?> training)
          && training.onNonFinite() == NonFinite.ROLL_BACK
          && options.checkpoints() instanceof CheckpointPolicy.EveryNs) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "training "
                + vertex.id()
                + " goes back to its last checkpoint when a step is not finite, so checkpoints have"
                + " to come after fixed steps: expected --checkpoint-every STEPS, found none");
      }
      if (vertex.role() instanceof Role.Trains(Training<?> training)
          && training.onNonFinite() == NonFinite.ROLL_BACK) {
        graph.publishings().forEach(publishing -> checkBesideRollBack(vertex, publishing, options));
      }
    }
  }

  /**
   * Publishing takes checkpoints of its own, and to which of them such a training goes back
   * matters.
   */
  private static void checkBesideRollBack(
      Vertex vertex, Publishing publishing, JobOptions options) {
    long every =
        options.checkpoints() instanceof CheckpointPolicy.EverySteps(long steps) ? steps : 0;
    if (publishing.after() instanceof CheckpointPolicy.EverySteps(long steps)
        && (every == 0 || steps % every != 0)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "training %s goes back to its last checkpoint when a step is not finite, so versions have to come of the checkpoints that there are: expected publish-every to be a multiple of --checkpoint-every %s, found %d"
              .formatted(vertex.id(), every == 0 ? "STEPS" : every, steps));
    }
  }

  /** Refuses a training in a precision that the device lacks. */
  static void precision(DataflowGraph graph, Device device) {
    for (Vertex vertex : graph.vertices()) {
      if (vertex.role() instanceof Role.Trains(Training<?> training)) {
        device
            .unavailable(training.precision())
            .ifPresent(
                reason -> {
                  throw new EngineException(
                      ErrorCode.INVALID_ARGUMENT, "training " + vertex.id() + ": " + reason);
                });
      }
    }
  }

  /** Refuses a checkpoint of another pipeline, or of another seed. */
  static void same(DataflowGraph graph, JobOptions options, Manifest manifest) {
    String expected = manifest.run().graphFingerprint();
    if (!expected.equals(graph.fingerprint())) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "job "
              + options.job()
              + " cannot be resumed with another pipeline or other parameters:"
              + " expected fingerprint "
              + expected.substring(0, 12)
              + ", found "
              + graph.fingerprint().substring(0, 12)
              + "; give the same parameters, or leave --resume out to start anew");
    }
    if (manifest.run().seed() != options.seed()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "job "
              + options.job()
              + " cannot be resumed with another seed: expected "
              + manifest.run().seed()
              + ", found "
              + options.seed());
    }
  }
}
