package io.tidemill.cluster.http;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Who may give orders over HTTP: whoever has the token, or anybody where only this machine can
 * connect.
 *
 * @param token what requests have to bear; none where everybody may
 */
public record ApiTokens(Optional<String> token) {
  /** Where the token comes from. */
  public static final String VARIABLE = "TIDEMILL_TOKEN";

  /**
   * The rule for a port on {@code host}.
   *
   * @throws EngineException INVALID_ARGUMENT where others could connect and there is no token
   */
  public static ApiTokens on(String host, Optional<String> token) {
    if (token.isEmpty() && !isLoopback(host)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "--http-host %s can be reached from other machines and nothing keeps them from running programs:"
                  .formatted(host)
              + " set "
              + VARIABLE
              + " to a secret, or listen on 127.0.0.1");
    }
    return new ApiTokens(token);
  }

  /** Whether a request with this {@code Authorization} header may be answered. */
  boolean admits(Optional<String> authorization) {
    return token.isEmpty()
        || authorization
            .map(
                found ->
                    MessageDigest.isEqual(bytes(found), bytes("Bearer " + token.orElseThrow())))
            .orElse(false);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
