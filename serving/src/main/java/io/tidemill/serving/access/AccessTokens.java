package io.tidemill.serving.access;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The secrets that requests have to bear: one to change what is served or run programs, which may
 * ask models, too, and one that may ask models only.
 *
 * <p>Immutable; compares in a time that does not depend on where two secrets differ.
 *
 * @param admin none where everybody may do everything
 * @param infer none where everybody may ask models
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6750#section-2.1">RFC 6750, bearer tokens</a>
 */
public record AccessTokens(Optional<String> admin, Optional<String> infer) {
  /** Where the admin's token comes from. */
  public static final String ADMIN_VARIABLE = "TIDEMILL_TOKEN";

  /** Where the token that may ask models comes from. */
  public static final String INFER_VARIABLE = "TIDEMILL_INFER_TOKEN";

  /** Everybody may do everything. */
  public static final AccessTokens NONE = new AccessTokens(Optional.empty(), Optional.empty());

  private static final String SCHEME = "bearer ";

  public AccessTokens {
    if (infer.isPresent() && admin.isEmpty()) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s is set and %s is not: set both, or whoever may not ask models could still change them"
              .formatted(INFER_VARIABLE, ADMIN_VARIABLE));
    }
    if (infer.isPresent() && infer.equals(admin)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s is the same as %s: expected another secret, or whoever may ask models could also change them"
              .formatted(INFER_VARIABLE, ADMIN_VARIABLE));
    }
  }

  /**
   * The tokens of an environment; a variable that is empty is not set.
   *
   * @throws EngineException INVALID_ARGUMENT where they contradict each other
   */
  public static AccessTokens of(Map<String, String> environment) {
    return new AccessTokens(
        variable(environment, ADMIN_VARIABLE), variable(environment, INFER_VARIABLE));
  }

  /**
   * These tokens, where a port on {@code host} may be open with them.
   *
   * @param option the word that named the host
   * @param danger what others could do, for example {@code running programs}
   * @throws EngineException INVALID_ARGUMENT where others could connect and there is no token
   */
  public AccessTokens sufficeOn(String option, String host, String danger) {
    if (admin.isEmpty() && !isLoopback(host)) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s %s can be reached from other machines and nothing keeps them from %s: set %s to a secret, or listen on 127.0.0.1"
              .formatted(option, host, danger, ADMIN_VARIABLE));
    }
    return this;
  }

  /**
   * Why a request may not use a route; empty where it may.
   *
   * @param authorization the header of that name
   */
  public Optional<String> refusal(Scope scope, Optional<String> authorization) {
    Optional<String> token = authorization.flatMap(AccessTokens::token);
    boolean isAdmin = isSame(admin, token);
    boolean isInfer = isSame(infer, token);
    return switch (scope) {
      case PUBLIC -> Optional.empty();
      case INFER ->
          infer.isEmpty() || isInfer || isAdmin
              ? Optional.empty()
              : needed(INFER_VARIABLE + " or " + ADMIN_VARIABLE);
      case ADMIN -> {
        if (admin.isEmpty() || isAdmin) {
          yield Optional.empty();
        }
        yield isInfer
            ? Optional.of(
                "this token may only ask models: send Authorization: Bearer TOKEN, the server's "
                    + ADMIN_VARIABLE)
            : needed(ADMIN_VARIABLE);
      }
    };
  }

  /** What to call whoever bears one of these tokens; empty for everybody else. */
  public Optional<String> bearer(Optional<String> authorization) {
    Optional<String> token = authorization.flatMap(AccessTokens::token);
    boolean isAdmin = isSame(admin, token);
    boolean isInfer = isSame(infer, token);
    return isAdmin ? Optional.of("admin") : isInfer ? Optional.of("infer") : Optional.empty();
  }

  /** Shows no secret. */
  @Override
  public String toString() {
    return "AccessTokens[admin=%s, infer=%s]".formatted(shown(admin), shown(infer));
  }

  private static Optional<String> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(token -> !token.isBlank());
  }

  private static Optional<String> needed(String variables) {
    return Optional.of(
        "a token is needed: send Authorization: Bearer TOKEN, the server's " + variables);
  }

  private static Optional<String> token(String authorization) {
    return authorization.toLowerCase(Locale.ROOT).startsWith(SCHEME)
        ? Optional.of(authorization.substring(SCHEME.length()).strip())
        : Optional.empty();
  }

  private static boolean isSame(Optional<String> secret, Optional<String> found) {
    return secret.isPresent()
        && found.isPresent()
        && MessageDigest.isEqual(bytes(found.get()), bytes(secret.get()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String shown(Optional<String> secret) {
    return secret.isPresent() ? "set" : "none";
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
