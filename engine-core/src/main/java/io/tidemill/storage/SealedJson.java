package io.tidemill.storage;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * A JSON file that carries the checksum of its own bytes and its format's version.
 *
 * <p>The file begins with {@code "checksum"}, the CRC32C of all its bytes with zeros in the place
 * of the eight digits, then {@code "version"} as {@code major.minor}. A newer minor version may
 * have fields that are unknown here, and they are ignored; a newer major version is refused.
 *
 * @param <T> the record in the file
 */
public final class SealedJson<T> {
  private static final DeserializationFeature FAIL_ON_UNKNOWN =
      DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES;
  private static final String HEAD = "{\n  \"checksum\" : \"crc32c:";
  private static final String ZEROS = "00000000";

  /** The fields of the file in its order. */
  @JsonPropertyOrder({"checksum", "version"})
  private record Sealed(String checksum, String version, @JsonUnwrapped Object value) {}

  private final ObjectMapper mapper;
  private final ObjectWriter writer;
  private final Class<T> type;
  private final int major;
  private final int minor;

  /** The format of {@code type}, of which this release writes version {@code major.minor}. */
  public SealedJson(ObjectMapper mapper, Class<T> type, int major, int minor) {
    this.mapper = mapper;
    this.writer = Json.pretty(mapper);
    this.type = type;
    this.major = major;
    this.minor = minor;
  }

  /** As above, with the mapper of {@link Json#mapper}. */
  public static <T> SealedJson<T> of(Class<T> type, int major, int minor) {
    return new SealedJson<>(Json.mapper(), type, major, minor);
  }

  /** Writes a file, over what was there, and forces it to the disk. */
  public void write(Path path, T value) throws IOException {
    byte[] bytes =
        writer.writeValueAsBytes(new Sealed("crc32c:" + ZEROS, major + "." + minor, value));
    byte[] digits = digitsOf(bytes);
    System.arraycopy(digits, 0, bytes, HEAD.length(), digits.length);
    FileSeal.overwrite(path, FileContent.of(ByteBuffer.wrap(bytes)));
  }

  /** What is wrong with the bytes at {@code path}; empty where the checksum agrees. */
  public Optional<Damage> check(Path path) {
    try {
      return check(path, Files.readAllBytes(path));
    } catch (IOException e) {
      return Optional.of(unreadable(path, e));
    }
  }

  /**
   * Reads the file.
   *
   * @throws EngineException CORRUPT_STATE where the checksum does not agree, INVALID_DATA where the
   *     format is a newer one
   */
  public T read(Path path) {
    return read(path, mapper.createObjectNode());
  }

  /**
   * Reads the file, which an older minor version may have written.
   *
   * @param defaults what the fields are that it did not have
   * @throws EngineException as {@link #read(Path)}
   */
  public T read(Path path, T defaults) {
    return read(path, mapper.<ObjectNode>valueToTree(defaults));
  }

  private T read(Path path, ObjectNode all) {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(path);
    } catch (IOException e) {
      throw unreadable(path, e).toException();
    }
    check(path, bytes)
        .ifPresent(
            damage -> {
              throw damage.toException();
            });
    try {
      ObjectNode fields = (ObjectNode) mapper.readTree(bytes);
      fields.remove("checksum");
      boolean newer = isNewer(path, fields.remove("version"));
      ObjectReader reader = mapper.readerFor(type);
      return (newer ? reader.without(FAIL_ON_UNKNOWN) : reader.with(FAIL_ON_UNKNOWN))
          .readValue((ObjectNode) all.setAll(fields));
    } catch (JsonProcessingException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA, path + " cannot be read: " + Json.reason(e), e);
    } catch (IOException e) {
      throw unreadable(path, e).toException();
    }
  }

  private boolean isNewer(Path path, JsonNode version) {
    String text = version == null ? "none" : version.asText();
    String[] parts = text.split("\\.", -1);
    if (parts.length != 2 || !parts[0].equals(String.valueOf(major))) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          path
              + " has format version "
              + text
              + " but this release reads "
              + major
              + ".x; use the release of tidemill that wrote it, or a newer one");
    }
    return Integer.parseInt(parts[1]) > minor;
  }

  private static Optional<Damage> check(Path path, byte[] bytes) {
    int end = HEAD.length() + ZEROS.length();
    byte[] head = HEAD.getBytes(StandardCharsets.US_ASCII);
    if (bytes.length < end || !Arrays.equals(head, Arrays.copyOf(bytes, head.length))) {
      return Optional.of(
          new Damage(path, "a JSON object that begins with its checksum", "other bytes"));
    }
    byte[] found = Arrays.copyOfRange(bytes, head.length, end);
    byte[] zeroed = bytes.clone();
    Arrays.fill(zeroed, head.length, end, (byte) '0');
    byte[] expected = digitsOf(zeroed);
    return Arrays.equals(expected, found)
        ? Optional.empty()
        : Optional.of(new Damage(path, "crc32c:" + text(found), "crc32c:" + text(expected)));
  }

  private static byte[] digitsOf(byte[] zeroed) {
    String checksum = FileSeal.of(zeroed).checksum();
    return checksum.substring(checksum.indexOf(':') + 1).getBytes(StandardCharsets.US_ASCII);
  }

  private static String text(byte[] ascii) {
    return new String(ascii, StandardCharsets.ISO_8859_1);
  }

  private static Damage unreadable(Path path, IOException e) {
    return new Damage(
        path,
        "a file that can be read",
        e instanceof NoSuchFileException ? "no file" : e.toString());
  }
}
