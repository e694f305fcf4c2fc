package io.tidemill.connector.idx;

import io.tidemill.connector.file.InputFile;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The content of one IDX file of unsigned bytes.
 *
 * <pre>
 *   0        4        8                 4 + 4 n
 *   +--------+--------+----- ... ------+----------- ... ------------+
 *   | 00 00 08 n | dim 0 | dim 1 … n-1 | dim 0 x … x dim n-1 bytes  |   integers big-endian
 *   +--------+--------+----- ... ------+----------- ... ------------+
 * </pre>
 *
 * Source: the format as described on the MNIST page (LeCun, Cortes, Burges).
 */
final class IdxFile {
  private final int count;
  private final int itemBytes;
  private final byte[] data;

  private IdxFile(int count, int itemBytes, byte[] data) {
    this.count = count;
    this.itemBytes = itemBytes;
    this.data = data;
  }

  /** The number of items by the header alone. */
  static int count(Path path, int magic) {
    try (DataInputStream in = new DataInputStream(new InputFile(path).open())) {
      return header(in, path, magic).count;
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** Reads a whole file, refusing one of another kind or length. */
  static IdxFile read(Path path, int magic) {
    try (DataInputStream in = new DataInputStream(new InputFile(path).open())) {
      IdxFile header = header(in, path, magic);
      int expected = header.count * header.itemBytes;
      byte[] data = in.readNBytes(expected);
      if (data.length < expected) {
        throw invalid(
            path,
            "is truncated: expected %,d bytes of data, found %,d".formatted(expected, data.length));
      }
      if (in.read() >= 0) {
        throw invalid(path, "has more than the %,d bytes its header says".formatted(expected));
      }
      return new IdxFile(header.count, header.itemBytes, data);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** The first dimension. */
  int count() {
    return count;
  }

  /** The product of the other dimensions. */
  int itemBytes() {
    return itemBytes;
  }

  /** All items, one after the other; not a copy. */
  byte[] data() {
    return data;
  }

  private static IdxFile header(DataInputStream in, Path path, int magic) throws IOException {
    try {
      int found = in.readInt();
      if (found != magic) {
        throw invalid(
            path,
            "is not the expected kind of IDX file: it must begin with %08x, not %08x"
                .formatted(magic, found));
      }
      int count = dimension(in, path);
      long itemBytes = 1;
      for (int dims = (magic & 0xff) - 1; dims > 0; dims--) {
        itemBytes = Math.min(Integer.MAX_VALUE, itemBytes * dimension(in, path));
      }
      if (count * itemBytes > Integer.MAX_VALUE - 8) {
        throw invalid(path, "says that it has over 2 GiB of data, which is too much");
      }
      return new IdxFile(count, (int) itemBytes, new byte[0]);
    } catch (EOFException e) {
      throw invalid(path, "ends inside its header");
    }
  }

  private static int dimension(DataInputStream in, Path path) throws IOException {
    int size = in.readInt();
    if (size < 0) {
      throw invalid(path, "has a negative dimension in its header: " + size);
    }
    return size;
  }

  private static EngineException invalid(Path path, String what) {
    return new EngineException(
        ErrorCode.INVALID_DATA, path + " " + what + "; copy or download it again");
  }

  private static EngineException unreadable(Path path, IOException cause) {
    return new EngineException(
        ErrorCode.INVALID_DATA, path + " cannot be read: " + cause.getMessage(), cause);
  }
}
