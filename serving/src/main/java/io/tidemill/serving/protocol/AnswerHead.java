package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What all answers of a model version begin with: its name, its number and where its weights came
 * from, made into bytes once. Any thread.
 */
public final class AnswerHead {
  private final SerializableString model;
  private final SerializableString version;
  private final SerializableString lineage;

  /**
   * @param lineage where the model version came from: numbers, texts, and maps of them
   */
  public AnswerHead(String model, String version, Map<String, Object> lineage) {
    this.model = encoded(model);
    this.version = encoded(version);
    this.lineage =
        encoded(new String(JsonTree.write(Map.of("lineage", lineage)), StandardCharsets.UTF_8));
  }

  /** Writes {@code model_name} and {@code model_version}. */
  void writeModel(JsonGenerator json) throws IOException {
    json.writeFieldName("model_name");
    json.writeString(model);
    json.writeFieldName("model_version");
    json.writeString(version);
  }

  /** Writes {@code parameters}, which hold the lineage. */
  void writeParameters(JsonGenerator json) throws IOException {
    json.writeFieldName("parameters");
    json.writeRawValue(lineage);
  }

  /** Encodes before any answer has to. */
  private static SerializableString encoded(String text) {
    SerializedString encoded = new SerializedString(text);
    encoded.asQuotedUTF8();
    encoded.asUnquotedUTF8();
    return encoded;
  }
}
