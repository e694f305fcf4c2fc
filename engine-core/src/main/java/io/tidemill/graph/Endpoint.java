package io.tidemill.graph;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.train.Training;
import java.util.ArrayList;
import java.util.List;

/**
 * A way for single records from outside: through the operators that make the features of a
 * training, to the model that it publishes. It adds no vertex, so it changes nothing of a job.
 *
 * @param id what the user calls it
 * @param path the source, then each vertex up to the one that makes the features
 * @param training whose encoding and model it is
 * @param model name that the model is published under
 */
public record Endpoint(String id, List<Vertex> path, Training<?> training, String model) {
  public Endpoint {
    path = List.copyOf(path);
  }

  /**
   * The endpoint whose records become features in {@code features}.
   *
   * @throws EngineException INVALID_ARGUMENT where the features come of more than one stream
   */
  public static Endpoint of(String id, Vertex features, Training<?> training, String model) {
    List<Vertex> path = new ArrayList<>();
    Vertex vertex = features;
    while (!(vertex.role() instanceof Role.Reads)) {
      if (vertex.inputs().size() != 1 || !(vertex.role() instanceof Role.Transforms)) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT,
            "endpoint %s: expected a stream that comes of one source, found that %s joins %d"
                .formatted(id, vertex.id(), vertex.inputs().size()));
      }
      path.addFirst(vertex);
      vertex = vertex.inputs().getFirst().from();
    }
    path.addFirst(vertex);
    return new Endpoint(id, path, training, model);
  }

  /** What a record from outside is. */
  public Class<?> recordType() {
    return ((Role.Reads) path.getFirst().role()).source().type();
  }
}
