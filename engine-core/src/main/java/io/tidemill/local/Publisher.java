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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes model versions of a committed checkpoint.
 *
 * <p>Everything comes from the checkpoint, so publishing again after a failure gives the same
 * version.
 */
final class Publisher {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final DataflowGraph graph;
  private final ModelStore models;

  Publisher(DataflowGraph graph, ModelStore models) {
    this.graph = graph;
    this.models = models;
  }

  /** Publishes what the pipeline says, in the order of the pipeline. */
  List<JobReport.PublishedModel> publish(StoredCheckpoint checkpoint) {
    List<JobReport.PublishedModel> published = new ArrayList<>();
    for (Vertex vertex : graph.vertices()) {
      if (vertex.role() instanceof Role.Publishes publishes) {
        Vertex trained = vertex.inputs().getFirst().from();
        StoredModel model = publish(checkpoint, trained, publishes);
        published.add(new JobReport.PublishedModel(model.name(), model.version(), model.folder()));
      }
    }
    return published;
  }

  private StoredModel publish(StoredCheckpoint checkpoint, Vertex trained, Role.Publishes what) {
    Training<?> training = ((Role.Trains) trained.role()).training();
    Program program = training.network().prediction(training.loss());
    Path weightsFile =
        checkpoint.path(checkpoint.parts(trained.id(), TrainerTask.WEIGHTS_PART).getFirst());
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
              lineage(checkpoint.manifest()),
              checkpoint.manifest().progress().metrics(),
              parameters,
              weights,
              ProgramJson.write(program),
              features()));
    }
  }

  private static Lineage lineage(Manifest manifest) {
    return new Lineage(
        manifest.job(),
        manifest.runId(),
        manifest.checkpoint(),
        manifest.progress().step(),
        manifest.progress().samples(),
        manifest.progress().sources(),
        manifest.run().graphFingerprint(),
        manifest.run().engineVersion(),
        manifest.run().seed());
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
