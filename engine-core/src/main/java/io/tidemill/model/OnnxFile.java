package io.tidemill.model;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A version that is an ONNX model; what the file holds is not looked at.
 *
 * @param config Triton's {@code config.pbtxt} beside the versions, where there is one
 */
public record OnnxFile(String name, int version, Path file, Optional<Path> config)
    implements Servable {
  static final String MODEL = "model.onnx";
  static final String SUFFIX = ".onnx";
  static final String CONFIG = "config.pbtxt";

  /**
   * The digest of the file, in hexadecimal; weights in other files are not in it.
   *
   * @throws EngineException RESOURCE where it cannot be read
   */
  public String sha256() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new EngineException(ErrorCode.RESOURCE, file + " cannot be read: " + e, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
