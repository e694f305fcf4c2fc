package io.tidemill.train;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** Opens the ways between the hosts of gangs. Any thread. */
public interface HostNetwork {
  /** Where all is on one host. */
  HostNetwork NONE =
      new HostNetwork() {
        @Override
        public HostLinks lead(Group group) {
          throw absent(group);
        }

        @Override
        public HostLinks join(Group group, int host, String address) {
          throw absent(group);
        }

        private EngineException absent(Group group) {
          return new EngineException(
              ErrorCode.INVALID_ARGUMENT,
              "%s has %d hosts, and this process was given no network to reach them by"
                  .formatted(group.name(), group.hosts()));
        }
      };

  /**
   * Who talks to whom.
   *
   * @param name of the gang, which all its attempts share
   * @param generation of the attempt; who comes with another one is refused
   * @param secret that the hosts of the attempt know, and nobody else
   * @param hosts how many there are
   * @param agreement what all have to have alike: a line {@code name=value} each
   */
  record Group(String name, long generation, String secret, int hosts, String agreement) {
    /** Without the secret. */
    @Override
    public String toString() {
      return name + " generation " + generation;
    }
  }

  /**
   * The leading host's end.
   *
   * @throws EngineException RESOURCE where it cannot listen
   */
  HostLinks lead(Group group);

  /**
   * The end of another host.
   *
   * @param host from 1
   * @param address of the leading host
   * @throws EngineException RESOURCE where it cannot listen, or send there
   */
  HostLinks join(Group group, int host, String address);
}
