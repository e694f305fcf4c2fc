package io.tidemill.cli;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;
import io.tidemill.serving.ServingConfig;
import java.util.Optional;

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
    check(option, port);
    return ServingConfig.defaults().with(change -> change.port(port));
  }

  /** As {@code config}, with the port of {@code --grpc} where one is given. */
  static ServingConfig withGrpc(ServingConfig config, Optional<Integer> grpc) {
    if (grpc.isEmpty()) {
      return config;
    }
    check("--grpc", grpc.get());
    return config.with(change -> change.grpcPort(grpc.get()));
  }

  private static void check(String option, int port) {
    if (port < 0 || port > HIGHEST) {
      throw new EngineException(
          ErrorCode.INVALID_ARGUMENT,
          "%s has to be a port from 0 to %d, found %d".formatted(option, HIGHEST, port));
    }
  }
}
