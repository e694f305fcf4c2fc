package io.tidemill.tensor;

/**
 * The element types that tensors have, with their names in safetensors files and in the V2
 * protocol.
 *
 * <p>Programs compute with the first four; the others are for models that others made.
 */
public enum DataType {
  FLOAT32("F32", "FP32", 4),
  INT32("I32", "INT32", 4),
  INT64("I64", "INT64", 8),
  UINT8("U8", "UINT8", 1),
  BOOL("BOOL", "BOOL", 1),
  INT8("I8", "INT8", 1),
  INT16("I16", "INT16", 2),
  UINT16("U16", "UINT16", 2),
  UINT32("U32", "UINT32", 4),
  UINT64("U64", "UINT64", 8),
  FLOAT16("F16", "FP16", 2),
  BFLOAT16("BF16", "BF16", 2),
  FLOAT64("F64", "FP64", 8);

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
