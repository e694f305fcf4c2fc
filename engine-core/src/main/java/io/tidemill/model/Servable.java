package io.tidemill.model;

/** One version of a model, as it lies in a store: one of ours, or one that others made. */
public sealed interface Servable permits StoredModel, OnnxFile {
  String name();

  int version();
}
