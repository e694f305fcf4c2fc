package io.tidemill.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.tidemill.checkpoint.Manifest;
import io.tidemill.checkpoint.StoredCheckpoint;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.graph.DataflowGraph;
import io.tidemill.graph.Role;
import io.tidemill.graph.Vertex;
import io.tidemill.model.Lineage;
import io.tidemill.model.ModelParameter;
import io.tidemill.model.ModelStore;
import io.tidemill.model.Publication;
import io.tidemill.model.Signature;
import io.tidemill.model.StoredModel;
import io.tidemill.program.Program;
import io.tidemill.program.ProgramJson;
import io.tidemill.tensor.DataType;
import io.tidemill.tensor.NamedTensor;
import io.tidemill.tensor.SafeTensors;
import io.tidemill.tensor.TensorSpec;
import io.tidemill.train.TrainerTask;
import io.tidemill.train.Training;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes model versions of a committed checkpoint.
 *
 * <p>Everything comes from the checkpoint, so publishing again after a failure gives the same
 * version.
 */
final class Publisher {
  /** A training, and what becomes of its weights. */
  record Published(Vertex trained, Role.Publishes what) {}

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final DataflowGraph graph;
  private final ModelStore models;

  Publisher(DataflowGraph graph, ModelStore models) {
    this.graph = graph;
    this.models = models;
  }

  /** What the pipeline publishes, in its order. */
  List<Published> published() {
    return graph.vertices().stream()
        .filter(vertex -> vertex.role() instanceof Role.Publishes)
        .map(
            vertex ->
                new Published(vertex.inputs().getFirst().from(), (Role.Publishes) vertex.role()))
        .toList();
  }

  /** Where a checkpoint has the weights; empty where it is from before they were drawn. */
  static Optional<Path> weights(StoredCheckpoint checkpoint, Published wanted) {
    return checkpoint.parts(wanted.trained().id(), TrainerTask.WEIGHTS_PART).stream()
        .findFirst()
        .map(checkpoint::path);
  }

  /** Makes a version, or finds the one that this moment of the run has made before. */
  StoredModel publish(StoredCheckpoint checkpoint, Published wanted) {
    Training<?> training = ((Role.Trains) wanted.trained().role()).training();
    Role.Publishes what = wanted.what();
    Program program = training.network().prediction(training.loss());
    Path weightsFile = weights(checkpoint, wanted).orElseThrow();
    try (Arena arena = Arena.ofConfined()) {
      SafeTensors stored = SafeTensors.map(weightsFile, arena);
      List<ModelParameter> parameters =
          program.layout().entries().stream()
              .map(e -> new ModelParameter(e.name(), e.shape(), e.isTrained(), e.offset()))
              .toList();
      List<NamedTensor> weights =
          parameters.stream()
              .map(p -> stored.tensor(new TensorSpec(p.name(), DataType.FLOAT32, p.shape())))
              .toList();
      return models.publish(
          new Publication(
              what.model(),
              new Signature(program.inputSpecs(), program.outputSpecs()),
              what.labels(),
              lineage(checkpoint.manifest(), TrainerTask.eventTimeOf(stored)),
              checkpoint.manifest().progress().metrics(),
              parameters,
              weights,
              ProgramJson.write(program),
              features()));
    }
  }

  private static Lineage lineage(Manifest manifest, Optional<Instant> eventTime) {
    return new Lineage(
        manifest.job(),
        manifest.runId(),
        manifest.checkpoint(),
        manifest.progress().step(),
        manifest.progress().samples(),
        manifest.progress().sources(),
        manifest.run().graphFingerprint(),
        manifest.run().engineVersion(),
        manifest.run().seed(),
        eventTime.map(Instant::toString).orElse(""));
  }

  private String features() {
    Map<String, Object> features = new LinkedHashMap<>();
    features.put("fingerprint", graph.fingerprint());
    features.put("graph", graph.describe().lines().toList());
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(features);
    } catch (JsonProcessingException e) {
      throw new EngineException(ErrorCode.INTERNAL, "the feature graph is not JSON", e);
    }
  }
}
