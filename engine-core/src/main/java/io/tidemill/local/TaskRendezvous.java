package io.tidemill.local;

import io.tidemill.train.GangHosts;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * Where the workers that share the tasks of a job meet, for one attempt.
 *
 * @param generation of the attempt, which all have to name
 * @param hosts how the workers lie on hosts
 * @param threads of all workers together
 * @param address of the leading worker for the others
 * @param secret that only the processes of the attempt are told
 */
public record TaskRendezvous(
    long generation, GangHosts hosts, int threads, String address, String secret) {
  private static final int SECRET_BYTES = 16;

  /** Workers of the job, the leading one included. */
  public int workers() {
    return hosts.allRanks();
  }

  /** A secret for an attempt. */
  static String newSecret() {
    byte[] random = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "rendezvous of tasks at %s, generation %d, workers %s"
        .formatted(address, generation, hosts);
  }
}
