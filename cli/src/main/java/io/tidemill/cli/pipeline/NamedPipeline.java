package io.tidemill.cli.pipeline;

import io.tidemill.cluster.worker.Pipelines;
import io.tidemill.dsl.PipelineDefinition;
import java.util.Locale;

/**
 * A pipeline that a user named.
 *
 * @param name as the job records it: the example's name, or the class
 * @param definition builds it
 */
public record NamedPipeline(String name, PipelineDefinition definition) {
  private static final String JAR = ".jar";

  /** The pipeline that {@code <example|file.jar[!Class]>} names. */
  public static NamedPipeline find(String word) {
    return word.endsWith(JAR) || word.contains(JAR + "!")
        ? PipelineJar.of(word).load()
        : Examples.find(word);
  }

  /** The same, for the nodes of a cluster. */
  public static Pipelines.Named inCluster(String word) {
    NamedPipeline named = find(word);
    return new Pipelines.Named(named.name, named.defaultJob(), named.definition);
  }

  /** Name of the job where the user gives none. */
  public String defaultJob() {
    String simple = name.substring(Math.max(name.lastIndexOf('.'), name.lastIndexOf('$')) + 1);
    return simple.toLowerCase(Locale.ROOT);
  }
}
