package io.tidemill.tensor;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.memory.PageMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file in memory: tensors are copied to where they stand in the file, and the file is
 * written as it lies there, in whole pages, which a disk can take without a copy of its own. The
 * header is filled with blanks up to the first tensor.
 *
 * <p>One thread at a time.
 */
public final class TensorImage {
  /** Bytes; memory of the image begins at a multiple of it, and the file is as long as one. */
  public static final int PAGE = 4096;

  private static final long SLICE_BYTES = 8L << 20;

  private final MemorySegment memory;
  private final List<NamedTensor> tensors;

  /** The JSON of the header without metadata, which is the same each time. */
  private final byte[] tensorsOnly;

  private TensorImage(MemorySegment memory, List<NamedTensor> tensors, byte[] tensorsOnly) {
    this.memory = memory;
    this.tensors = tensors;
    this.tensorsOnly = tensorsOnly;
  }

  /**
   * Room for tensors, in this order, zero; freed when nobody refers to it.
   *
   * @param longest metadata as long as any that the file will have
   */
  public static TensorImage allocate(List<TensorSpec> specs, Map<String, String> longest) {
    long dataBytes = specs.stream().mapToLong(TensorImage::bytes).sum();
    List<NamedTensor> none = lay(specs, MemorySegment.NULL.reinterpret(dataBytes));
    byte[] tensorsOnly = json(Map.of(), none);
    int headerBytes = Long.BYTES + json(longest, List.of()).length + tensorsOnly.length;
    long fileBytes = Math.ceilDiv(headerBytes + dataBytes, PAGE) * PAGE;
    MemorySegment memory = PageMemory.allocate(fileBytes, Arena.ofAuto(), PAGE);
    return new TensorImage(memory, lay(specs, memory.asSlice(fileBytes - dataBytes)), tensorsOnly);
  }

  /** The tensors where they stand in the file, to be copied into. */
  public List<NamedTensor> tensors() {
    return tensors;
  }

  /** Writes the file: each time with whole pages, at most some megabytes. */
  public void writeTo(WritableByteChannel channel, Map<String, String> metadata)
      throws IOException {
    putHeader(
        metadata.isEmpty()
            ? tensorsOnly
            : SafeTensorsHeader.join(json(metadata, List.of()), tensorsOnly));
    for (long at = 0; at < memory.byteSize(); at += SLICE_BYTES) {
      long bytes = Math.min(SLICE_BYTES, memory.byteSize() - at);
      SafeTensors.writeFully(channel, memory.asSlice(at, bytes).asByteBuffer());
    }
  }

  private void putHeader(byte[] json) {
    long room = memory.byteSize() - tensors.stream().mapToLong(t -> t.data().byteSize()).sum();
    long length = room - Long.BYTES;
    if (json.length > length) {
      throw new EngineException(
          ErrorCode.INTERNAL,
          "a header of %d bytes does not fit into %d".formatted(json.length, length));
    }
    memory.set(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0, length);
    MemorySegment header = memory.asSlice(Long.BYTES, length).fill(SafeTensorsHeader.BLANK);
    MemorySegment.copy(MemorySegment.ofArray(json), 0, header, 0, json.length);
  }

  private static List<NamedTensor> lay(List<TensorSpec> specs, MemorySegment data) {
    List<NamedTensor> tensors = new ArrayList<>();
    long at = 0;
    for (TensorSpec spec : specs) {
      MemorySegment own = data.asSlice(at, bytes(spec));
      tensors.add(new NamedTensor(spec.name(), spec.type(), spec.shape(), own));
      at += own.byteSize();
    }
    return List.copyOf(tensors);
  }

  private static long bytes(TensorSpec spec) {
    return spec.shape().elements() * spec.type().bytes();
  }

  private static byte[] json(Map<String, String> metadata, List<NamedTensor> tensors) {
    try {
      return SafeTensorsHeader.json(metadata, tensors);
    } catch (JsonProcessingException e) {
      throw new EngineException(ErrorCode.INTERNAL, "a header cannot be written: " + e, e);
    }
  }
}
