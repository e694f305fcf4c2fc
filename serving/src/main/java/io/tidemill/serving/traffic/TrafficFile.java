package io.tidemill.serving.traffic;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.storage.DurableFiles;
import io.tidemill.storage.Json;
import io.tidemill.storage.SealedJson;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The traffic of a model in its folder, {@code traffic.json}, so that it outlives a server and
 * holds for all servers of a store. Any process; the last to write wins.
 */
public final class TrafficFile {
  /** Version 1.0 had no {@code mostDelayMs}, {@code leastAgreement} and {@code weights}. */
  private static final SealedJson<Traffic> FORMAT = SealedJson.of(Traffic.class, 1, 1);

  private static final SealedJson<ObjectNode> FIELDS = SealedJson.of(ObjectNode.class, 1, 1);
  private static final ObjectMapper MAPPER = Json.mapper();
  private static final List<String> KNOWN =
      Arrays.stream(Traffic.class.getRecordComponents()).map(RecordComponent::getName).toList();

  private final Path path;

  public TrafficFile(Path modelFolder) {
    this.path = modelFolder.resolve("traffic.json");
  }

  /**
   * What it says; everything to the latest version where there is none.
   *
   * @throws EngineException CORRUPT_STATE where it is damaged
   */
  public Traffic read() {
    return Files.exists(path) ? read(FIELDS.read(path)) : Traffic.LATEST;
  }

  private Traffic read(ObjectNode fields) {
    ObjectNode all = MAPPER.valueToTree(Traffic.LATEST);
    all.setAll(fields);
    all.retain(KNOWN); // a newer minor version may have more
    try {
      return MAPPER.treeToValue(all, Traffic.class);
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA, path + " cannot be read: " + Json.reason(e), e);
    }
  }

  /**
   * Replaces it.
   *
   * @throws EngineException RESOURCE where the disk is full or fails; the one before stays then
   */
  public void write(Traffic traffic) {
    Path temporary = path.resolveSibling(path.getFileName() + ".tmp");
    try {
      FORMAT.write(temporary, traffic);
      DurableFiles.rename(temporary, path);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.RESOURCE, "the traffic cannot be written to " + path + ": " + e, e);
    }
  }
}
