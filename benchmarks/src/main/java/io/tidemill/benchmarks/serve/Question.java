package io.tidemill.benchmarks.serve;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An infer request of the Open Inference Protocol, ready to be sent.
 *
 * @param headers beside the length
 * @param body JSON, or JSON with the tensors behind it
 */
record Question(Map<String, String> headers, byte[] body) {
  static final String JSON_LENGTH = "Inference-Header-Content-Length";

  Question {
    headers = new LinkedHashMap<>(headers); // in the order in which they are sent
  }

  /** How tensors travel, both ways. */
  enum Form {
    JSON,
    BINARY;

    Question ask(List<Digit> rows) {
      return this == JSON ? json(rows) : binary(rows);
    }
  }

  /**
   * Numbers as text, as Python's clients write them: each float32 as the float64 that it is, most
   * of them in 16 or 17 digits.
   */
  private static Question json(List<Digit> rows) {
    StringBuilder data = new StringBuilder();
    for (Digit row : rows) {
      for (float pixel : row.pixels()) {
        data.append(data.isEmpty() ? "" : ", ").append((double) pixel);
      }
    }
    String body =
        "{\"inputs\": [{\"name\": \"%s\", \"shape\": [%d, %d], \"datatype\": \"FP32\", \"data\": [%s]}]}"
            .formatted(ServedModel.INPUT, rows.size(), Digit.PIXELS, data);
    return new Question(
        Map.of("Content-Type", "application/json"), body.getBytes(StandardCharsets.UTF_8));
  }

  /** Both ways: the answer's tensors are asked for as bytes, too. */
  private static Question binary(List<Digit> rows) {
    int bytes = rows.size() * Digit.PIXELS * Float.BYTES;
    byte[] json =
        ("{\"inputs\":[{\"name\":\"%s\",\"shape\":[%d,%d],\"datatype\":\"FP32\","
                + "\"parameters\":{\"binary_data_size\":%d}}],"
                + "\"parameters\":{\"binary_data_output\":true}}")
            .formatted(ServedModel.INPUT, rows.size(), Digit.PIXELS, bytes)
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer body =
        ByteBuffer.allocate(json.length + bytes).order(ByteOrder.LITTLE_ENDIAN).put(json);
    rows.forEach(
        row -> {
          for (float pixel : row.pixels()) {
            body.putFloat(pixel);
          }
        });
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", "application/octet-stream");
    headers.put(JSON_LENGTH, Integer.toString(json.length));
    return new Question(headers, body.array());
  }

  /** The bytes of an HTTP/1.1 request that leaves its connection open. */
  byte[] request(String host, String path) {
    List<String> lines = new ArrayList<>();
    lines.add("POST " + path + " HTTP/1.1");
    lines.add("Host: " + host);
    headers.forEach((name, value) -> lines.add(name + ": " + value));
    lines.add("Content-Length: " + body.length);
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    whole.writeBytes(body);
    return whole.toByteArray();
  }
}
