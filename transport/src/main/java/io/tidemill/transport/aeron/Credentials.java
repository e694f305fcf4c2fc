package io.tidemill.transport.aeron;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.transport.aeron.Identity.Standing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * What the members of a group know about it, so that each can show at another's door that it is
 * one. Immutable.
 *
 * @param id of the group
 * @param generation of the job's attempt
 * @param secret known to the members alone
 * @param layout what all have to mean alike, in words
 */
public record Credentials(String id, long generation, String secret, String layout) {
  /** What a member says of itself at the door of another. */
  public Identity identity() {
    return new Identity(digest(id), generation, proof(generation), digest(layout));
  }

  /** How one who comes with this identity stands to the group. */
  public Standing standingOf(Identity other) {
    if (other.idHash() != digest(id) || other.proof() != proof(other.generation())) {
      return Standing.STRANGER;
    }
    if (other.generation() != generation) {
      return other.generation() < generation
          ? Standing.OLDER_GENERATION
          : Standing.NEWER_GENERATION;
    }
    return other.layout() == digest(layout) ? Standing.MEMBER : Standing.OTHER_LAYOUT;
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return id + ", generation " + generation;
  }

  private long proof(long ofGeneration) {
    return digest(id + '\0' + ofGeneration + '\0' + secret);
  }

  private static long digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(hash).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new EngineException(ErrorCode.INTERNAL, "every Java has SHA-256", e);
    }
  }
}
