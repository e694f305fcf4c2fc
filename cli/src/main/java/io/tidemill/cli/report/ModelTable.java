package io.tidemill.cli.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.local.JsonReport;
import io.tidemill.model.ModelDescription;
import io.tidemill.model.StoredModel;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The versions of a model store, as a table or as JSON. */
public final class ModelTable {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int HASH_DIGITS = 12;
  private static final List<String> HEADER =
      List.of(
          "MODEL", "VERSION", "CREATED", "JOB", "STEP", "SAMPLES", "METRICS", "WEIGHTS", "PATH");

  private ModelTable() {}

  /** A table with a header, columns as wide as they have to be. */
  public static String text(List<StoredModel> models) {
    Table table = new Table(HEADER, Set.of());
    models.forEach(model -> table.add(row(model)));
    return table.toString();
  }

  /** An array of objects on one line. */
  public static String json(List<StoredModel> models) {
    ArrayNode array = MAPPER.createArrayNode();
    models.forEach(model -> array.add(object(model)));
    return array.toString();
  }

  private static List<String> row(StoredModel model) {
    ModelDescription description = model.description();
    return List.of(
        model.name(),
        Integer.toString(model.version()),
        description.created().truncatedTo(ChronoUnit.SECONDS).toString(),
        description.lineage().job(),
        Long.toString(description.lineage().step()),
        Long.toString(description.lineage().samples()),
        description.metrics().entrySet().stream()
            .map(e -> String.format(Locale.ROOT, "%s=%.4f", e.getKey(), e.getValue()))
            .collect(Collectors.joining(" ")),
        description.weightsSha256().substring(0, HASH_DIGITS),
        model.folder().toString());
  }

  private static ObjectNode object(StoredModel model) {
    ModelDescription description = model.description();
    ObjectNode json =
        MAPPER
            .createObjectNode()
            .put("name", model.name())
            .put("version", model.version())
            .put("created", description.created().toString())
            .put("job", description.lineage().job())
            .put("checkpoint", description.lineage().checkpoint())
            .put("step", description.lineage().step())
            .put("samples", description.lineage().samples());
    json.set("metrics", JsonReport.metrics(description.metrics()));
    return json.put("weightsSha256", description.weightsSha256())
        .put("path", model.folder().toString());
  }
}
