package io.tidemill.task;

import io.tidemill.operator.StatePart;
import java.util.List;
import java.util.Map;

/** What tasks tell the master of their job. */
public sealed interface TaskReport {
  /** The task took its part of a checkpoint; the parts are by vertex. */
  record Snapshot(TaskId task, long checkpoint, Map<String, List<StatePart>> parts)
      implements TaskReport {}

  /** The task has done all that it will ever do, but for checkpoints. */
  record Complete(TaskId task) implements TaskReport {}

  /** Results for the report of the job. */
  record Measured(TaskId task, Map<String, Double> metrics) implements TaskReport {}

  /** A text for the report of the job. */
  record Presented(TaskId task, String name, String text) implements TaskReport {}

  /** The training has done steps for the first time in this attempt, up to {@code step}. */
  record FirstStep(TaskId task, long step) implements TaskReport {}

  /** The training has done all its steps; {@code weightsSha256} is the digest of its weights. */
  record Trained(TaskId task, long step, String weightsSha256) implements TaskReport {}

  /** The training will stand behind {@code step} and take part in a checkpoint there. */
  record CheckpointDue(TaskId task, long step) implements TaskReport {}

  /** The task failed; the job cannot go on. */
  record Failed(TaskId task, Throwable cause) implements TaskReport {}
}
