package io.tidemill.error;

/** Whose fault a failure is, and what the caller may do about it. */
public enum ErrorCode {
  /** A command, key, pipeline or request is wrong: change it and try again. */
  INVALID_ARGUMENT,
  /** A file or record that the user gave is missing, malformed or of another kind. */
  INVALID_DATA,
  /** A name that the user gave is unknown. */
  NOT_FOUND,
  /** A stored part (checkpoint, model) is torn, truncated or bit-flipped. */
  CORRUPT_STATE,
  /** A resource is taken or used up: disk, port, memory, lock. */
  RESOURCE,
  /** The user's own code threw. */
  USER_CODE,
  /** A bug of ours. */
  INTERNAL;

  /**
   * Whether the user can repair it by changing what was given; the command line then exits with 2.
   */
  public boolean isInput() {
    return this == INVALID_ARGUMENT
        || this == INVALID_DATA
        || this == NOT_FOUND
        || this == CORRUPT_STATE;
  }
}
