package io.tidemill.tensor;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors in a safetensors file, which Python's {@code safetensors} opens and writes too.
 *
 * <pre>
 * length of the header (8 bytes, little-endian) | header (JSON, padded with blanks) | data
 * {"__metadata__": {"step": "3"}, "w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
 * </pre>
 *
 * <p>The tensors are valid as long as the arena that they were opened in. Immutable; any thread may
 * read where the arena allows it.
 *
 * @see <a href="https://huggingface.co/docs/safetensors">the format</a>
 */
public final class SafeTensors {
  private final String source;
  private final Map<String, String> metadata;
  private final Map<String, NamedTensor> tensors;

  private SafeTensors(
      String source, Map<String, String> metadata, Map<String, NamedTensor> tensors) {
    this.source = source;
    this.metadata = metadata;
    this.tensors = tensors;
  }

  /**
   * Writes a file. Tensors of wide elements come first, otherwise the order is kept, so that each
   * is aligned for its type.
   *
   * @param metadata texts by name, for readers of the file
   */
  public static void write(
      WritableByteChannel channel, Map<String, String> metadata, List<NamedTensor> tensors)
      throws IOException {
    List<NamedTensor> ordered =
        tensors.stream().sorted(Comparator.comparingInt(tensor -> -tensor.type().bytes())).toList();
    byte[] header = SafeTensorsHeader.encode(metadata, ordered);
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    writeFully(channel, length.putLong(header.length).flip());
    writeFully(channel, ByteBuffer.wrap(header));
    for (NamedTensor tensor : ordered) {
      SegmentSlices.forEach(tensor.data(), bytes -> writeFully(channel, bytes));
    }
  }

  /**
   * Maps a file into memory; nothing is read until it is used, and the file must stay as it is.
   *
   * @throws EngineException NOT_FOUND where there is no file, INVALID_DATA where it is no whole
   *     safetensors file
   */
  public static SafeTensors map(Path path, Arena arena) {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      return parse(
          path.toString(), file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena), arena);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** Reads a file into memory of the arena, which the caller may then change. */
  public static SafeTensors copy(Path path, Arena arena) {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ);
        Arena mapping = Arena.ofConfined()) {
      MemorySegment mapped = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), mapping);
      MemorySegment copied = arena.allocate(mapped.byteSize(), Long.BYTES).copyFrom(mapped);
      return parse(path.toString(), copied, arena);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * Reads a file that lies in memory.
   *
   * @param source what the errors call it
   * @param arena where tensors are copied that are not aligned for their type
   */
  public static SafeTensors parse(String source, MemorySegment file, Arena arena) {
    SafeTensorsHeader header = SafeTensorsHeader.decode(source, file);
    Map<String, NamedTensor> tensors = new LinkedHashMap<>();
    for (SafeTensorsHeader.Entry entry : header.entries()) {
      MemorySegment data =
          aligned(
              file.asSlice(header.dataStart() + entry.begin(), entry.end() - entry.begin()),
              entry.type(),
              arena);
      tensors.put(entry.name(), new NamedTensor(entry.name(), entry.type(), entry.shape(), data));
    }
    return new SafeTensors(source, header.metadata(), tensors);
  }

  public Map<String, String> metadata() {
    return metadata;
  }

  /** All tensors in the order of their data. */
  public Collection<NamedTensor> tensors() {
    return tensors.values();
  }

  public boolean contains(String name) {
    return tensors.containsKey(name);
  }

  /**
   * The tensor of this name.
   *
   * @throws EngineException INVALID_DATA that names those that there are
   */
  public NamedTensor tensor(String name) {
    NamedTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          source + " has no tensor " + name + "; it has " + tensors.keySet());
    }
    return tensor;
  }

  /** The tensor of this name, checked for its type and shape. */
  public NamedTensor tensor(TensorSpec expected) {
    NamedTensor tensor = tensor(expected.name());
    if (tensor.type() != expected.type() || !tensor.shape().equals(expected.shape())) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          source
              + ": tensor "
              + expected.name()
              + " was expected as "
              + expected.type()
              + " "
              + expected.shape()
              + " but found as "
              + tensor.type()
              + " "
              + tensor.shape());
    }
    return tensor;
  }

  private static MemorySegment aligned(MemorySegment data, DataType type, Arena arena) {
    if (data.maxByteAlignment() >= type.bytes()) {
      return data;
    }
    return arena.allocate(data.byteSize(), Long.BYTES).copyFrom(data);
  }

  static void writeFully(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  static long readLength(MemorySegment file) {
    return file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
  }

  private static EngineException unreadable(Path path, IOException e) {
    return e instanceof NoSuchFileException
        ? new EngineException(ErrorCode.NOT_FOUND, "there is no file " + path, e)
        : new EngineException(ErrorCode.RESOURCE, path + " cannot be read: " + e, e);
  }
}
