package io.tidemill.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The {@code weightsSha256} of reports and models.
 *
 * <p>SHA-256 over the parameters in the order of their layout; of each parameter the UTF-8 bytes of
 * its name, one zero byte, and its elements as little-endian floats without padding.
 */
public final class WeightsDigest {
  private WeightsDigest() {}

  /** The digest as 64 lower-case hexadecimal digits. */
  public static String sha256(List<NamedTensor> parameters) {
    MessageDigest digest = newDigest();
    for (NamedTensor parameter : parameters) {
      digest.update(parameter.name().getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
      update(digest, parameter.data());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, MemorySegment data) {
    try {
      SegmentSlices.forEach(data, digest::update);
    } catch (IOException e) {
      throw new UncheckedIOException("a digest does no input or output", e);
    }
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }
}
