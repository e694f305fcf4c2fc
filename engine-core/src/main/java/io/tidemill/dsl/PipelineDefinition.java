package io.tidemill.dsl;

/**
 * A pipeline as a program: the class that a job names, with parameters.
 *
 * <p>Needs a public constructor without arguments. Every process of the job calls {@link #define}
 * itself, so it has to build the same graph whenever it is given the same parameters.
 */
public interface PipelineDefinition {
  /** Builds the pipeline. */
  void define(Pipeline p, Params params);
}
