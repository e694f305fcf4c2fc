package io.tidemill.transport.aeron;

/**
 * Which group, and which generation of it, somebody at the door says to be of.
 *
 * @param idHash stands for the group's id
 * @param generation the job's attempt
 * @param proof what only those can say of this generation who know the group's secret
 * @param layout stands for the numbers of ranks, leaves and floats
 */
public record Identity(long idHash, long generation, long proof, long layout) {
  /** How somebody stands to a group. */
  public enum Standing {
    MEMBER,
    /** Of another group, or without the secret. */
    STRANGER,
    OLDER_GENERATION,
    NEWER_GENERATION,
    /** A member that means another number of ranks, leaves or floats. */
    OTHER_LAYOUT
  }
}
