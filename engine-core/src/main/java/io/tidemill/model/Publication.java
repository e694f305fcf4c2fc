package io.tidemill.model;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.Names;
import io.tidemill.tensor.NamedTensor;
import java.util.List;
import java.util.Map;

/**
 * What a job gives to the model store.
 *
 * @param model name of the model
 * @param signature what it takes and gives
 * @param labels names of the classes by position; empty where it is no classifier
 * @param lineage where it comes from
 * @param metrics how good it is
 * @param parameters all parameters in the order of their layout
 * @param weights their values, in the same order
 * @param program the traced program as JSON; opaque here
 * @param features the feature graph as JSON; opaque here
 */
public record Publication(
    String model,
    Signature signature,
    List<String> labels,
    Lineage lineage,
    Map<String, Double> metrics,
    List<ModelParameter> parameters,
    List<NamedTensor> weights,
    String program,
    String features) {

  public Publication {
    Names.require("model", model);
    labels = List.copyOf(labels);
    metrics = Map.copyOf(metrics);
    parameters = List.copyOf(parameters);
    weights = List.copyOf(weights);
    List<String> expected = parameters.stream().map(p -> p.name() + p.shape()).toList();
    List<String> actual = weights.stream().map(w -> w.name() + w.shape()).toList();
    if (!expected.equals(actual)) {
      throw new EngineException(
          ErrorCode.INTERNAL,
          "weights of model " + model + " differ: expected=" + expected + " actual=" + actual);
    }
  }
}
