package io.tidemill.connector.idx;

import io.tidemill.connector.file.InputFile;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * One IDX file of unsigned bytes: what its header says, and its items from first to last.
 *
 * <pre>
 *   0        4        8                 4 + 4 n
 *   +--------+--------+----- ... ------+----------- ... ------------+
 *   | 00 00 08 n | dim 0 | dim 1 … n-1 | dim 0 x … x dim n-1 bytes  |   integers big-endian
 *   +--------+--------+----- ... ------+----------- ... ------------+
 * </pre>
 *
 * Source: the format as described on the MNIST page (LeCun, Cortes, Burges).
 *
 * @param magic what the file begins with; its last byte is n
 * @param count the first dimension
 * @param itemBytes the product of the other dimensions
 */
record IdxFile(Path path, int magic, int count, int itemBytes) {

  /** Reads the header, refusing a file of another kind. */
  static IdxFile of(Path path, int magic) {
    try (DataInputStream in = new DataInputStream(new InputFile(path).open())) {
      return header(in, path, magic);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /**
   * Refuses a file of another length than its header says. It is read for that only where its size,
   * or what gzip says of it, is another; damage inside is found by who reads the items.
   */
  void checkLength() {
    long expected = Integer.BYTES * (1L + (magic & 0xff)) + (long) count * itemBytes;
    if (new InputFile(path).contentBytes() == expected) {
      return;
    }
    try (Items items = items(0)) {
      while (items.next() != null) {}
    }
  }

  /** All items, one after the other. */
  byte[] readAll() {
    try (Items items = items(0)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (byte[] item = items.next(); item != null; item = items.next()) {
        all.writeBytes(item);
      }
      return all.toByteArray();
    }
  }

  /** The items from {@code first} on. */
  Items items(int first) {
    return new Items(first);
  }

  /** Goes through the items; confined to a thread. */
  final class Items implements AutoCloseable {
    private final DataInputStream in;
    private int next;

    private Items(int first) {
      in = new DataInputStream(new InputFile(path).open());
      try {
        header(in, path, magic);
        for (; next < first; next++) {
          in.skipNBytes(itemBytes);
        }
      } catch (IOException e) {
        close();
        throw unreadable(path, e);
      }
    }

    /** The next item, the caller's own; null behind the last one, where the file has to end. */
    byte[] next() {
      try {
        if (next == count) {
          if (in.read() >= 0) {
            throw invalid(
                path,
                "has more than the %,d bytes its header says".formatted((long) count * itemBytes));
          }
          return null;
        }
        byte[] item = new byte[itemBytes];
        int found = in.readNBytes(item, 0, itemBytes);
        if (found < itemBytes) {
          throw invalid(
              path,
              "is truncated: expected %,d bytes of data, found %,d"
                  .formatted((long) count * itemBytes, (long) next * itemBytes + found));
        }
        next++;
        return item;
      } catch (IOException e) {
        throw unreadable(path, e);
      }
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw unreadable(path, e);
      }
    }
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
      return new IdxFile(path, magic, count, (int) itemBytes);
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
