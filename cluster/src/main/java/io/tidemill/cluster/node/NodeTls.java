package io.tidemill.cluster.node;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * The files by which nodes know each other: what they say to each other is then encrypted, and only
 * who has a certificate of the authority is heard.
 *
 * <p>Pekko reads them when it first talks and every five minutes, so renewed ones are taken. What
 * is wrong with them it would tell nobody, so they are looked through before it starts. Immutable.
 *
 * @param certificate this node's, in PEM
 * @param key of that certificate
 * @param authority the certificate of who has signed those of all nodes
 */
public record NodeTls(Path certificate, Path key, Path authority) {
  private static final String CERTIFICATE = "--tls-cert";
  private static final String KEY = "--tls-key";
  private static final String AUTHORITY = "--tls-ca";

  /** What TLS 1.3 calls the way in which a peer proves itself. */
  private static final String ANY_PROOF = "UNKNOWN";

  /**
   * The files that a user has named; none where nodes trust each other.
   *
   * @throws EngineException INVALID_ARGUMENT, INVALID_DATA where no node could be known by them
   */
  public static Optional<NodeTls> of(
      Optional<Path> certificate, Optional<Path> key, Optional<Path> authority) {
    if (certificate.isEmpty() && key.isEmpty() && authority.isEmpty()) {
      return Optional.empty();
    }
    if (certificate.isEmpty() || key.isEmpty() || authority.isEmpty()) {
      String missing = certificate.isEmpty() ? CERTIFICATE : key.isEmpty() ? KEY : AUTHORITY;
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s, %s and %s go together: %s is missing"
              .formatted(CERTIFICATE, KEY, AUTHORITY, missing));
    }
    NodeTls tls =
        new NodeTls(
            certificate.orElseThrow().toAbsolutePath().normalize(),
            key.orElseThrow().toAbsolutePath().normalize(),
            authority.orElseThrow().toAbsolutePath().normalize());
    tls.check();
    return Optional.of(tls);
  }

  /** How Pekko is told. */
  Map<String, Object> settings() {
    String engine = "pekko.remote.artery.ssl.rotating-keys-engine.";
    return Map.of(
        "pekko.remote.artery.transport",
        "tls-tcp",
        engine + "cert-file",
        certificate.toString(),
        engine + "key-file",
        key.toString(),
        engine + "ca-cert-file",
        authority.toString());
  }

  private void check() {
    PemFile ownFile = PemFile.read(CERTIFICATE, certificate);
    PemFile keyFile = PemFile.read(KEY, key);
    PemFile authorityFile = PemFile.read(AUTHORITY, authority);
    X509Certificate own = ownFile.certificate();
    RSAPrivateKey secret = keyFile.privateKey();
    X509Certificate signer = authorityFile.certificate();
    requireValidNow(authorityFile, signer);
    requireValidNow(ownFile, own);
    if (!(own.getPublicKey() instanceof RSAPublicKey known)
        || !known.getModulus().equals(secret.getModulus())) {
      throw keyFile.refused(
          "is not the key of %s %s: give the one that this certificate was made for"
              .formatted(CERTIFICATE, certificate),
          null);
    }
    try {
      requireTrusted(own, signer);
    } catch (GeneralSecurityException | IOException e) {
      throw ownFile.refused(
          "will not do for a node (%s): expected one for servers and clients that %s %s (%s) has signed, found one of %s"
              .formatted(
                  root(e),
                  AUTHORITY,
                  authority,
                  signer.getSubjectX500Principal(),
                  own.getIssuerX500Principal()),
          e);
    }
  }

  private static void requireValidNow(PemFile file, X509Certificate certificate) {
    try {
      certificate.checkValidity();
    } catch (CertificateExpiredException e) {
      throw file.refused(
          "has expired: expected a certificate that is valid now, found one that was until %s; renew it"
              .formatted(certificate.getNotAfter().toInstant()),
          e);
    } catch (CertificateNotYetValidException e) {
      throw file.refused(
          "is not valid yet: expected a certificate that is valid now, found one from %s on; is the clock right?"
              .formatted(certificate.getNotBefore().toInstant()),
          e);
    }
  }

  /** As other nodes will look at it, which it connects to and which connect to it. */
  private static void requireTrusted(X509Certificate own, X509Certificate signer)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("authority", signer);
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    X509TrustManager other = (X509TrustManager) factory.getTrustManagers()[0];
    X509Certificate[] chain = {own};
    other.checkServerTrusted(chain, ANY_PROOF);
    other.checkClientTrusted(chain, ANY_PROOF);
  }

  private static String root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }
}
