package io.tidemill.tensor;

/**
 * The element types that tensors have, with their names in safetensors files and in the V2
 * protocol.
 */
public enum DataType {
  FLOAT32("F32", "FP32", 4),
  INT32("I32", "INT32", 4),
  INT64("I64", "INT64", 8),
  UINT8("U8", "UINT8", 1);

  private final String safetensorsName;
  private final String protocolName;
  private final int bytes;

  DataType(String safetensorsName, String protocolName, int bytes) {
    this.safetensorsName = safetensorsName;
    this.protocolName = protocolName;
    this.bytes = bytes;
  }

  /** The name in a safetensors header, for example {@code F32}. */
  public String safetensorsName() {
    return safetensorsName;
  }

  /** The name in the Open Inference Protocol, for example {@code FP32}. */
  public String protocolName() {
    return protocolName;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
