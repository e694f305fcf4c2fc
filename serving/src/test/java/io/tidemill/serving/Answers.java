package io.tidemill.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;

/** Reads the JSON of answers. */
final class Answers {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Answers() {}

  static JsonNode json(String text) throws IOException {
    return JSON.readTree(text);
  }

  static JsonNode json(HttpResponse<String> response) throws IOException {
    return json(response.body());
  }

  static JsonNode output(JsonNode answer, String name) {
    for (JsonNode output : answer.get("outputs")) {
      if (output.get("name").asText().equals(name)) {
        return output;
      }
    }
    throw new AssertionError("no output " + name + " in " + answer);
  }

  static float[] floats(JsonNode answer, String name) {
    JsonNode data = output(answer, name).get("data");
    float[] values = new float[data.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.parseFloat(data.get(i).asText());
    }
    return values;
  }

  static String error(HttpResponse<String> response) throws IOException {
    return json(response).get("error").asText();
  }
}
