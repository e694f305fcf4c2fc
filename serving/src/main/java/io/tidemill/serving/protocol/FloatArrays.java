package io.tidemill.serving.protocol;

import io.tidemill.serving.inference.CallSignature;
import io.tidemill.tensor.DataType;
import java.util.Arrays;
import java.util.Optional;

/**
 * The flat arrays of many numbers in a JSON text, read as floats, and the text without their
 * contents; so that a parser sees a few hundred bytes and not every number.
 *
 * <p>It is a short cut and decides nothing: whoever reads the rest takes each array at the place
 * where it was, and where anything is unusual, or one was left, reads the whole text again without
 * it. Confined to the thread that reads the request.
 */
final class FloatArrays {
  /** None were cut out. */
  static final FloatArrays NONE = new FloatArrays(new InferBody(new byte[0], 0));

  /** Fewer are not worth it, and a shape never has as many. */
  private static final int FEWEST = DataReader.MAX_DEPTH + 1;

  private final byte[] text;
  private final int length;
  private final NumberScanner numbers;

  private byte[] rest = new byte[256];
  private int restBytes;
  private int[] offsets = new int[4];
  private float[][] values = new float[4][];
  private int count;
  private int taken;

  private FloatArrays(InferBody body) {
    this.text = body.bytes();
    this.length = body.jsonBytes();
    this.numbers = new NumberScanner(text, length);
  }

  /** Cuts arrays out of a body, where there may be some that the signature asks for. */
  static FloatArrays cutFrom(InferBody body, CallSignature signature) {
    if (body.isBinary()
        || signature.inputs().stream().noneMatch(spec -> spec.type() == DataType.FLOAT32)) {
      return NONE;
    }
    FloatArrays arrays = new FloatArrays(body);
    arrays.cut();
    return arrays;
  }

  boolean isEmpty() {
    return count == 0;
  }

  /** The text with empty arrays where they were. */
  InferBody rest() {
    return InferBody.ofJson(Arrays.copyOf(rest, restBytes));
  }

  /** Takes the array whose opening bracket is at {@code offset} of the rest. */
  Optional<float[]> take(long offset) {
    int index = Arrays.binarySearch(offsets, 0, count, (int) offset);
    if (index < 0) {
      return Optional.empty();
    }
    taken++;
    return Optional.of(values[index]);
  }

  /** Whether each was taken. */
  boolean areAllTaken() {
    return taken == count;
  }

  private void cut() {
    int from = 0;
    int at = 0;
    while (at < length) {
      byte found = text[at];
      if (found == '"') {
        at = endOfString(at);
      } else if (found == '[' && numbers.readArray(at + 1) && numbers.count() >= FEWEST) {
        keep(from, at + 1);
        from = numbers.end();
        at = from + 1;
      } else {
        at++;
      }
    }
    append(from, length);
  }

  /** Keeps what was just read, and the text before it. */
  private void keep(int from, int to) {
    append(from, to);
    if (count == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * count);
      values = Arrays.copyOf(values, 2 * count);
    }
    offsets[count] = restBytes - 1;
    values[count] = numbers.values();
    count++;
  }

  private void append(int from, int to) {
    int bytes = to - from;
    if (restBytes + bytes > rest.length) {
      rest = Arrays.copyOf(rest, Math.max(2 * rest.length, restBytes + bytes));
    }
    System.arraycopy(text, from, rest, restBytes, bytes);
    restBytes += bytes;
  }

  /** Behind the string that begins at {@code at}. */
  private int endOfString(int at) {
    int next = at + 1;
    while (next < length && text[next] != '"') {
      next += text[next] == '\\' ? 2 : 1;
    }
    return next + 1;
  }
}
