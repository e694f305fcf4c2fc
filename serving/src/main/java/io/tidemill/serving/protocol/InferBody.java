package io.tidemill.serving.protocol;

import java.nio.charset.StandardCharsets;

/**
 * The body of an inference request or of its answer: a JSON object, and behind it the bytes of the
 * tensors that are binary, in the order in which the JSON names them.
 *
 * @param bytes all of it; not copied
 * @param jsonBytes how much of it is JSON; 0 where it is nothing but the only input
 * @see <a
 *     href="https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md">the
 *     extension binary_tensor_data</a>
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record InferBody(byte[] bytes, int jsonBytes) {
  /** The header that says how much is JSON. */
  public static final String JSON_LENGTH = "Inference-Header-Content-Length";

  /** A body without binary tensors. */
  public static InferBody ofJson(byte[] json) {
    return new InferBody(json, json.length);
  }

  /** Whether there is more than JSON. */
  public boolean isBinary() {
    return jsonBytes < bytes.length;
  }

  int binaryBytes() {
    return bytes.length - jsonBytes;
  }

  /** Whether its JSON may say a priority; for when reading it would be for nothing otherwise. */
  public boolean mentionsPriority() {
    return new String(bytes, 0, jsonBytes, StandardCharsets.ISO_8859_1).contains("\"priority\"");
  }
}
