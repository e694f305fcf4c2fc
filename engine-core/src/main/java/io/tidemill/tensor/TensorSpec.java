package io.tidemill.tensor;

/**
 * What one named input or output of a program or model looks like.
 *
 * @param name unique among the inputs, or among the outputs
 * @param type element type
 * @param shape dimensions; the first may be {@link Shape#ANY}, and others of models that others
 *     made
 */
public record TensorSpec(String name, DataType type, Shape shape) {}
