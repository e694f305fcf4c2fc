package io.tidemill.link;

import io.tidemill.error.EngineException;
import io.tidemill.error.ErrorCode;

/** Opens the ways between the processes of groups. Any thread. */
public interface PeerNetwork {
  /** Where nothing has to be sent. */
  PeerNetwork NONE =
      new PeerNetwork() {
        @Override
        public PeerLinks lead(Group group) {
          throw absent(group);
        }

        @Override
        public PeerLinks join(Group group, int peer, String address) {
          throw absent(group);
        }

        private EngineException absent(Group group) {
          return new EngineException(
              ErrorCode.INVALID_ARGUMENT,
              "%s are %d who talk to each other, and this process was given no network to do so"
                  .formatted(group.name(), group.peers()));
        }
      };

  /**
   * Who talks to whom.
   *
   * @param name of the group, which all its attempts share
   * @param generation of the attempt; who comes with another one is refused
   * @param secret that the peers of the attempt know, and nobody else
   * @param peers how many there are
   * @param agreement what all have to have alike: a line {@code name=value} each
   */
  record Group(String name, long generation, String secret, int peers, String agreement) {
    /** Without the secret. */
    @Override
    public String toString() {
      return name + " generation " + generation;
    }
  }

  /**
   * The leading peer's end.
   *
   * @throws EngineException RESOURCE where it cannot listen
   */
  PeerLinks lead(Group group);

  /**
   * The end of another peer.
   *
   * @param peer from 1
   * @param address of the leading peer
   * @throws EngineException RESOURCE where it cannot listen, or send there
   */
  PeerLinks join(Group group, int peer, String address);
}
