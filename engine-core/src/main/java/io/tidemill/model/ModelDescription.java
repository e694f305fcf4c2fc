package io.tidemill.model;

import io.tidemill.storage.FileSeal;
import io.tidemill.storage.SealedJson;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code model.json} says about one version of a model.
 *
 * @param name name of the model
 * @param modelVersion its version, from 1 on
 * @param created when it was published
 * @param signature what it takes and gives
 * @param labels names of the classes by position; empty where it is no classifier
 * @param lineage where it comes from
 * @param metrics how good it was when it was published
 * @param parameters all parameters in the order of their layout
 * @param weightsSha256 digest of the weights; see {@code WeightsDigest}
 * @param files length and checksum of each file beside this one, by name
 */
public record ModelDescription(
    String name,
    int modelVersion,
    Instant created,
    Signature signature,
    List<String> labels,
    Lineage lineage,
    Map<String, Double> metrics,
    List<ModelParameter> parameters,
    String weightsSha256,
    Map<String, FileSeal> files) {

  static final SealedJson<ModelDescription> FORMAT =
      new SealedJson<>(ShapeJson.mapper(), ModelDescription.class, 1, 1);

  public ModelDescription {
    labels = List.copyOf(labels);
    metrics = Collections.unmodifiableMap(new TreeMap<>(metrics));
    parameters = List.copyOf(parameters);
    files = Collections.unmodifiableMap(new TreeMap<>(files));
  }
}
