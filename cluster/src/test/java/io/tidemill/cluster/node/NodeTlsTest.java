package io.tidemill.cluster.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidemill.error.EngineException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files are those that {@code tls/make} has made. */
class NodeTlsTest {
  private static final Path FILES = Path.of("src/test/resources/tls").toAbsolutePath();

  @Test
  void noFilesMeanNoTls() {
    assertEquals(
        Optional.empty(), NodeTls.of(Optional.empty(), Optional.empty(), Optional.empty()));
  }

  @Test
  void filesThatBelongTogetherAreTakenWithKeysOfEitherForm() {
    assertTrue(tls("node.pem", "node.key", "authority.pem").isPresent());
    assertTrue(tls("node.pem", "node-pkcs1.key", "authority.pem").isPresent());
  }

  @Test
  void oneFileWithoutTheOthersIsNamed() {
    Optional<Path> file = Optional.of(FILES.resolve("node.pem"));

    assertEquals(
        "--tls-cert, --tls-key and --tls-ca go together: --tls-key is missing",
        assertThrows(
                EngineException.class, () -> NodeTls.of(file, Optional.empty(), Optional.empty()))
            .getMessage());
  }

  @Test
  void fileThatIsMissingIsNamed() {
    refuses(
        "--tls-ca %s/nobody.pem does not exist: expected a file in PEM",
        "node.pem", "node.key", "nobody.pem");
  }

  @Test
  void fileThatIsNoPemIsNamed(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("notes.txt"), "no certificate");
    String found = " found no PEM";

    assertTrue(refusal(file.toString(), "node.key", "authority.pem").endsWith(found));
    assertTrue(refusal("node.pem", file.toString(), "authority.pem").endsWith(found));
    assertTrue(refusal("node.pem", "node.key", file.toString()).endsWith(found));
  }

  @Test
  void certificateAndKeyInEachOthersPlaceAreNamed() {
    refuses(
        "--tls-cert %s/node.key has to be a certificate in PEM, first in the file, found PRIVATE"
            + " KEY",
        "node.key", "node.pem", "authority.pem");
    refuses(
        "--tls-key %s/node.pem has to be an RSA key in PEM, without a password and alone in the"
            + " file, found CERTIFICATE",
        "node.pem", "node.pem", "authority.pem");
  }

  @Test
  void keyOfAnotherKindIsRefusedAndNotShown() {
    refuses(
        "--tls-key %s/elliptic.key has to be an RSA key in PEM, without a password and alone in the"
            + " file, found PRIVATE KEY that is damaged or of another kind",
        "node.pem", "elliptic.key", "authority.pem");
  }

  @Test
  void keyOfAnotherCertificateIsRefused() {
    refuses(
        "--tls-key %s/stranger.key is not the key of --tls-cert %s/node.pem: give the one that this"
            + " certificate was made for",
        "node.pem", "stranger.key", "authority.pem");
  }

  @Test
  void certificateThatHasExpiredIsRefused() {
    refuses(
        "--tls-cert %s/expired.pem has expired: expected a certificate that is valid now, found one"
            + " that was until 2021-01-01T00:00:00Z; renew it",
        "expired.pem", "node.key", "authority.pem");
  }

  @Test
  void certificateOfAnotherAuthorityIsRefused() {
    refuses(
        "--tls-cert %s/stranger.pem will not do for a node (unable to find valid certification path"
            + " to requested target): expected one for servers and clients that --tls-ca"
            + " %s/authority.pem (CN=authority) has signed, found one of CN=other-authority",
        "stranger.pem", "stranger.key", "authority.pem");
  }

  @Test
  void certificateThatIsForServersOnlyIsRefused() {
    String refusal = refusal("server-only.pem", "node.key", "authority.pem");

    assertTrue(refusal.contains("for servers and clients"), refusal);
    assertFalse(refusal.contains("certification path"), refusal);
  }

  private static void refuses(String sentence, String certificate, String key, String authority) {
    assertEquals(sentence.replace("%s", FILES.toString()), refusal(certificate, key, authority));
  }

  private static String refusal(String certificate, String key, String authority) {
    EngineException refused =
        assertThrows(EngineException.class, () -> tls(certificate, key, authority));
    assertTrue(refused.code().isInput(), refused.code().toString());
    return refused.getMessage();
  }

  private static Optional<NodeTls> tls(String certificate, String key, String authority) {
    return NodeTls.of(
        Optional.of(FILES.resolve(certificate)),
        Optional.of(FILES.resolve(key)),
        Optional.of(FILES.resolve(authority)));
  }
}
