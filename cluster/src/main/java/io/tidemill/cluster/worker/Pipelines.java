package io.tidemill.cluster.worker;

import io.tidemill.dsl.PipelineDefinition;

/** Finds the pipeline that a submission names. Any thread. */
@FunctionalInterface
public interface Pipelines {
  /**
   * The pipeline of this name.
   *
   * @throws io.tidemill.error.EngineException NOT_FOUND where there is none
   */
  Named find(String pipeline);

  /**
   * A pipeline.
   *
   * @param name as the job's record has it
   * @param job what a job of it is called
   */
  record Named(String name, String job, PipelineDefinition definition) {}
}
