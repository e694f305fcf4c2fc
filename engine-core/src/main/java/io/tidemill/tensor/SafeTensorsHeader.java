package io.tidemill.tensor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;

/** The JSON head of a safetensors file, checked against the length of the file. */
record SafeTensorsHeader(Map<String, String> metadata, List<Entry> entries, long dataStart) {
  /** Where one tensor lies, counted from the start of the data. */
  record Entry(String name, DataType type, Shape shape, long begin, long end) {}

  /** What may stand behind the JSON. */
  static final byte BLANK = ' ';

  private static final String METADATA = "__metadata__";
  private static final long MAX_BYTES = 100_000_000; // The limit of the reference implementation.
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** The header of tensors whose data follow one another in this order, in multiples of 8 bytes. */
  static byte[] encode(Map<String, String> metadata, List<NamedTensor> tensors)
      throws JsonProcessingException {
    byte[] json = json(metadata, tensors);
    byte[] padded = Arrays.copyOf(json, Math.ceilDiv(json.length, Long.BYTES) * Long.BYTES);
    Arrays.fill(padded, json.length, padded.length, BLANK);
    return padded;
  }

  /** The same, not filled up. */
  static byte[] json(Map<String, String> metadata, List<NamedTensor> tensors)
      throws JsonProcessingException {
    ObjectNode root = MAPPER.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode texts = root.putObject(METADATA);
      new TreeMap<>(metadata).forEach(texts::put);
    }
    long at = 0;
    for (NamedTensor tensor : tensors) {
      if (tensor.name().equals(METADATA) || root.has(tensor.name())) {
        throw new EngineException(
            ErrorCode.INVALID_ARGUMENT, "two tensors of one file are called " + tensor.name());
      }
      ObjectNode entry = root.putObject(tensor.name());
      entry.put("dtype", tensor.type().safetensorsName());
      Arrays.stream(tensor.shape().dims()).forEach(entry.putArray("shape")::add);
      entry.putArray("data_offsets").add(at).add(at + tensor.data().byteSize());
      at += tensor.data().byteSize();
    }
    return MAPPER.writeValueAsBytes(root);
  }

  /** One JSON object of two that have fields. */
  static byte[] join(byte[] first, byte[] second) {
    byte[] joined = Arrays.copyOf(first, first.length + second.length - 1);
    joined[first.length - 1] = ',';
    System.arraycopy(second, 1, joined, first.length, second.length - 1);
    return joined;
  }

  static SafeTensorsHeader decode(String source, MemorySegment file) {
    long size = file.byteSize();
    if (size < Long.BYTES) {
      throw invalid(source, "it has " + size + " bytes, too few for the length of a header");
    }
    long length = SafeTensors.readLength(file);
    if (length < 2 || length > MAX_BYTES || length > size - Long.BYTES) {
      throw invalid(
          source,
          "its header should have "
              + Long.toUnsignedString(length)
              + " bytes, but the file has "
              + size);
    }
    byte[] json = file.asSlice(Long.BYTES, length).toArray(ValueLayout.JAVA_BYTE);
    long dataStart = Long.BYTES + length;
    try {
      if (!(MAPPER.readTree(json) instanceof ObjectNode root)) {
        throw invalid(source, "its header is no JSON object");
      }
      Map<String, String> metadata = metadata(source, root.remove(METADATA));
      List<Entry> entries = new ArrayList<>();
      root.properties().forEach(field -> entries.add(entry(source, field)));
      entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
      checkContiguous(source, entries, size - dataStart);
      return new SafeTensorsHeader(metadata, List.copyOf(entries), dataStart);
    } catch (JsonProcessingException e) {
      throw invalid(source, "its header is not JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw invalid(source, "its header is not JSON: " + e);
    }
  }

  private static Map<String, String> metadata(String source, JsonNode node) {
    Map<String, String> texts = new TreeMap<>();
    if (node != null) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        if (!field.getValue().isTextual()) {
          throw invalid(source, "metadata " + field.getKey() + " is no text");
        }
        texts.put(field.getKey(), field.getValue().asText());
      }
    }
    return Map.copyOf(texts);
  }

  private static Entry entry(String source, Map.Entry<String, JsonNode> field) {
    String name = field.getKey();
    JsonNode node = field.getValue();
    DataType type = type(source, name, node.path("dtype").asText());
    int[] dims =
        numbers(source, name, node.path("shape"), Integer.MAX_VALUE)
            .mapToInt(Math::toIntExact)
            .toArray();
    long[] offsets = numbers(source, name, node.path("data_offsets"), Long.MAX_VALUE).toArray();
    if (offsets.length != 2 || offsets[1] < offsets[0]) {
      throw invalid(source, "tensor " + name + " has no begin and end");
    }
    long expected = type.bytes();
    try {
      for (int dim : dims) {
        expected = Math.multiplyExact(expected, (long) dim);
      }
    } catch (ArithmeticException e) {
      throw invalid(source, "tensor " + name + " has an impossible shape " + Arrays.toString(dims));
    }
    if (expected != offsets[1] - offsets[0]) {
      throw invalid(
          source,
          "tensor "
              + name
              + " of "
              + type.safetensorsName()
              + " "
              + Arrays.toString(dims)
              + " has "
              + (offsets[1] - offsets[0])
              + " bytes");
    }
    return new Entry(name, type, Shape.of(dims), offsets[0], offsets[1]);
  }

  private static DataType type(String source, String name, String text) {
    return Arrays.stream(DataType.values())
        .filter(type -> type.safetensorsName().equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                invalid(
                    source,
                    "tensor "
                        + name
                        + " has dtype '"
                        + text
                        + "'; known are "
                        + Arrays.stream(DataType.values())
                            .map(DataType::safetensorsName)
                            .toList()));
  }

  private static LongStream numbers(String source, String name, JsonNode array, long max) {
    List<Long> numbers = new ArrayList<>();
    for (JsonNode number : array) {
      boolean whole = number.isIntegralNumber() && number.canConvertToLong();
      if (!whole || number.asLong() < 0 || number.asLong() > max) {
        throw invalid(source, "tensor " + name + " has a shape or offset of " + number);
      }
      numbers.add(number.asLong());
    }
    if (!array.isArray()) {
      throw invalid(source, "tensor " + name + " lacks its shape or its offsets");
    }
    return numbers.stream().mapToLong(Long::longValue);
  }

  private static void checkContiguous(String source, List<Entry> entries, long dataBytes) {
    long at = 0;
    for (Entry entry : entries) {
      if (entry.begin() != at) {
        throw invalid(
            source,
            "tensor " + entry.name() + " begins at " + entry.begin() + " but " + at + " is due");
      }
      at = entry.end();
    }
    if (at != dataBytes) {
      throw invalid(source, "its tensors need " + at + " bytes, but " + dataBytes + " follow");
    }
  }

  private static EngineException invalid(String source, String what) {
    return new EngineException(
        ErrorCode.INVALID_DATA, source + " is no whole safetensors file: " + what);
  }
}
