package io.tidemill.cluster.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.cluster.job.Job;
import io.tidemill.cluster.job.WorkerInfo;
import io.tidemill.local.Flow;
import io.tidemill.local.JobGraph;
import io.tidemill.local.JobGraph.EdgeView;
import io.tidemill.local.JobGraph.VertexView;
import java.util.List;

/** The body of {@code /api/jobs/{job}/graph}; what is not known is null. */
final class GraphJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private GraphJson() {}

  /** {@code workers} are those that the head knows, for their names. */
  static ObjectNode of(Job job, JobGraph graph, List<WorkerInfo> workers) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("job", job.id());
    json.put("attempt", job.attempt());
    ArrayNode vertices = json.putArray("vertices");
    graph.vertices().forEach(vertex -> put(vertices.addObject(), vertex, job, workers));
    ArrayNode edges = json.putArray("edges");
    graph.edges().forEach(edge -> put(edges.addObject(), edge));
    return json;
  }

  private static void put(ObjectNode json, VertexView vertex, Job job, List<WorkerInfo> workers) {
    json.put("id", vertex.id());
    json.put("kind", vertex.kind());
    json.put("chain", vertex.chain().orElse(null));
    List<Integer> tasks = vertex.workers();
    json.put("parallelism", tasks.isEmpty() ? null : Integer.valueOf(tasks.size()));
    ArrayNode names = json.putArray("workers");
    tasks.stream()
        .distinct()
        .filter(worker -> worker < job.placement().size()) // it may have ended since
        .forEach(worker -> names.add(ApiJson.name(job.placement().get(worker), workers)));
    json.put(
        "recordsRead",
        vertex.recordsRead().isPresent() ? Long.valueOf(vertex.recordsRead().getAsLong()) : null);
  }

  private static void put(ObjectNode json, EdgeView edge) {
    json.put("from", edge.from());
    json.put("to", edge.to());
    json.put("exchange", edge.exchange());
    json.put("records", edge.flow().map(Flow::records).orElse(null));
    json.put("waiting", edge.flow().map(Flow::waiting).orElse(null));
    json.put("capacity", edge.flow().map(Flow::capacity).orElse(null));
    json.put("fullest", edge.flow().map(Flow::fullest).orElse(null));
  }
}
