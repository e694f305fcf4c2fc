package io.tidemill.operator;

import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Where an {@link Operator} runs.
 *
 * @param vertexId the id that the user gave
 * @param vertex index of the vertex in the graph
 * @param subtask which of the parallel tasks of the vertex, from 0
 * @param parallelism how many there are
 * @param metrics takes results that belong into the report of the job
 * @param texts takes texts, by name, that belong there too
 */
public record OperatorContext(
    String vertexId,
    int vertex,
    int subtask,
    int parallelism,
    Consumer<Map<String, Double>> metrics,
    BiConsumer<String, String> texts) {}
