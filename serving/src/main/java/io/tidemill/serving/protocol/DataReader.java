package io.tidemill.serving.protocol;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tidemill.error.EngineException;
import io.tidemill.tensor.DataType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Reads a V2 {@code data} array, flat or nested row-major, straight into elements of one type.
 *
 * <p>Without recursion, and without trust in the announced shape: memory grows with what has been
 * read. Nested data must be rectangular; its dimensions are learnt as the arrays close.
 */
final class DataReader {
  /** Deepest nesting; the parser itself stops a little later. */
  static final int MAX_DEPTH = 16;

  private static final int UNKNOWN = -1;

  private final String where;
  private final DataType type;
  private final Elements elements;
  private final FloatArrays arrays;
  private final int textOffset;
  private final int[] dims = new int[MAX_DEPTH];
  private final int[] seen = new int[MAX_DEPTH];
  private int depth;
  private int leafDepth;

  /**
   * @param where the tensor, for sentences: {@code input "image"}
   * @param type element type
   * @param capacity elements to make room for at first
   * @param arrays that were cut out of the text
   * @param textOffset where in the text the parser begins
   */
  DataReader(String where, DataType type, int capacity, FloatArrays arrays, int textOffset) {
    this.where = where;
    this.arrays = arrays;
    this.textOffset = textOffset;
    this.type = type;
    if (type == DataType.BFLOAT16) {
      throw BadRequest.of(
          "%s: expected BF16 elements as binary tensor data, which is their only form", where);
    }
    this.elements = new Elements(type, capacity);
    Arrays.fill(dims, UNKNOWN);
  }

  /** Reads up to the end of the array whose opening bracket {@code parser} stands on. */
  void read(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw BadRequest.of(
          "%s: expected data to be an array of numbers, found %s",
          where, TokenNames.of(parser.currentToken()));
    }
    open();
    takeArray(parser);
    while (depth > 0) {
      parser.nextToken();
      readToken(parser);
    }
  }

  /** Begins an array whose elements are read one by one. */
  void begin() {
    open();
  }

  /** Reads the number or array that {@code parser} stands on as the next element. */
  void readElement(JsonParser parser) throws IOException {
    int around = depth;
    readToken(parser);
    while (depth > around) {
      parser.nextToken();
      readToken(parser);
    }
  }

  /** Ends the array that {@link #begin} began. */
  void end() {
    close();
  }

  private void readToken(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    switch (token) {
      case START_ARRAY -> {
        open();
        takeArray(parser);
      }
      case END_ARRAY -> close();
      case VALUE_NUMBER_FLOAT, VALUE_NUMBER_INT -> append(parser, token);
      case VALUE_TRUE, VALUE_FALSE -> {
        if (type != DataType.BOOL) {
          throw unexpected(token);
        }
        append(parser, token);
      }
      case null, default -> throw unexpected(token);
    }
  }

  private EngineException unexpected(JsonToken token) {
    return BadRequest.of(
        "%s: expected %s at element %d of data, found %s",
        where,
        type == DataType.BOOL ? "true or false" : "a number",
        elements.count(),
        TokenNames.of(token));
  }

  int count() {
    return elements.count();
  }

  MemorySegment segment() {
    return elements.segment();
  }

  /** Whether the data was one flat array, which any shape of that many elements fits. */
  boolean isFlat() {
    return leafDepth <= 1;
  }

  /** The dimensions of nested data. */
  int[] nestedDims() {
    return Arrays.copyOf(dims, leafDepth);
  }

  private void open() {
    if (leafDepth != 0 && depth >= leafDepth) {
      throw ragged();
    }
    if (depth == MAX_DEPTH) {
      throw BadRequest.of(
          "%s: expected data nested at most %d deep, found deeper", where, MAX_DEPTH);
    }
    if (depth > 0) {
      seen[depth - 1]++;
    }
    seen[depth] = 0;
    depth++;
  }

  private void close() {
    depth--;
    if (leafDepth == 0) {
      leafDepth = depth + 1;
    }
    if (dims[depth] == UNKNOWN) {
      dims[depth] = seen[depth];
    } else if (dims[depth] != seen[depth]) {
      throw ragged();
    }
  }

  /** Takes the contents of the array that was just opened, where they were cut out. */
  private void takeArray(JsonParser parser) {
    if (!arrays.isEmpty()) {
      long offset = textOffset + parser.currentTokenLocation().getByteOffset();
      arrays.take(offset).ifPresent(this::append);
    }
  }

  private void append(float[] values) {
    if (type != DataType.FLOAT32) {
      throw BadRequest.of("%s: expected %s, found floats", where, type.protocolName());
    }
    appendAtLeaf(values.length);
    elements.append(values);
  }

  private void appendAtLeaf(int count) {
    if (leafDepth == 0) {
      leafDepth = depth;
    } else if (leafDepth != depth) {
      throw ragged();
    }
    seen[depth - 1] += count;
  }

  private void append(JsonParser parser, JsonToken token) throws IOException {
    appendAtLeaf(1);
    if (!elements.append(parser, token)) {
      throw BadRequest.of(
          "%s: expected a number that %s can hold at element %d of data, found %s",
          where, type.protocolName(), elements.count(), TokenNames.shorten(parser.getText()));
    }
  }

  private EngineException ragged() {
    return BadRequest.of(
        "%s: expected nested data of equal lengths, found arrays that differ before element %d",
        where, elements.count());
  }
}
