package io.tidemill.cli;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.ServingConfig;

/** A port that a user gave. */
final class ServePort {
  private static final int HIGHEST = 65_535;

  private ServePort() {}

  /**
   * A server's configuration with this port; 0 lets the system pick one.
   *
   * @param option the option that gave it
   */
  static ServingConfig config(String option, int port) {
    if (port < 0 || port > HIGHEST) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s has to be a port from 0 to %d, found %d".formatted(option, HIGHEST, port));
    }
    return ServingConfig.defaults().with(change -> change.port(port));
  }
}
