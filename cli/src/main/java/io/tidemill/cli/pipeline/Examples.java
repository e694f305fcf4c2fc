package io.tidemill.cli.pipeline;

import io.tidemill.dsl.PipelineDefinition;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.examples.chargpt.ChargptPipeline;
import io.tidemill.examples.digits.DigitsPipeline;
import io.tidemill.examples.fraud.FraudPipeline;
import io.tidemill.examples.recommend.RecommendPipeline;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The pipelines that come with tidemill, by name. */
final class Examples {
  private static final Map<String, Supplier<PipelineDefinition>> BY_NAME =
      new TreeMap<>(
          Map.of(
              "chargpt", ChargptPipeline::new,
              "digits", DigitsPipeline::new,
              "fraud", FraudPipeline::new,
              "recommend", RecommendPipeline::new));

  private Examples() {}

  static NamedPipeline find(String name) {
    Supplier<PipelineDefinition> example = BY_NAME.get(name);
    if (example == null) {
      throw new EngineException(
          ErrorCode.NOT_FOUND,
          "unknown example \""
              + name
              + "\"; expected one of "
              + String.join(", ", BY_NAME.keySet())
              + ", or FILE.jar[!Class]");
    }
    return new NamedPipeline(name, example.get());
  }
}
