package io.tidemill.cluster.node;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateKey;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.pekko.pki.pem.DERPrivateKeyLoader;
import org.apache.pekko.pki.pem.PEMDecoder;

/**
 * A certificate or a key in a file that the user has named, read as Pekko reads it. No sentence
 * shows more of it than the line that says what it is. Immutable.
 *
 * @param option the word that named it
 */
record PemFile(String option, Path path, String text) {
  private static final Pattern KIND = Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----");

  static PemFile read(String option, Path path) {
    try {
      return new PemFile(option, path, Files.readString(path, StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA,
          "%s %s does not exist: expected a file in PEM".formatted(option, path),
          e);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.INVALID_DATA, "%s %s cannot be read: %s".formatted(option, path, e), e);
    }
  }

  /** The first certificate of the file: Pekko takes no other. */
  X509Certificate certificate() {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(bytes));
    } catch (CertificateException e) {
      throw other("a certificate in PEM, first in the file", "CERTIFICATE", e);
    }
  }

  /** The key, alone in its file: Pekko takes nothing beside it. */
  RSAPrivateKey privateKey() {
    try {
      return (RSAPrivateKey) DERPrivateKeyLoader.load(PEMDecoder.decode(text));
    } catch (Exception e) { // Scala declares none; any means that it is another thing
      throw other("an RSA key in PEM, without a password and alone in the file", "PRIVATE KEY", e);
    }
  }

  EngineException refused(String why, Throwable cause) {
    return new EngineException(
        ErrorCode.INVALID_DATA, "%s %s %s".formatted(option, path, why), cause);
  }

  private EngineException other(String expected, String kind, Exception cause) {
    Matcher found = KIND.matcher(text);
    String what = found.find() ? found.group(1) : "no PEM";
    String which = what.equals(kind) ? " that is damaged or of another kind" : "";
    return refused("has to be %s, found %s%s".formatted(expected, what, which), cause);
  }
}
