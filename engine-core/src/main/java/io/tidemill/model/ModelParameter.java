package io.tidemill.model;

import io.tidemill.tensor.Shape;

/**
 * One parameter of a model.
 *
 * @param name name of its tensor
 * @param shape dimensions
 * @param trainable whether training changes it
 * @param offset where it begins in the flat arena of parameters, in floats
 */
public record ModelParameter(String name, Shape shape, boolean trainable, long offset) {}
