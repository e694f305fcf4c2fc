package io.tidemill.checkpoint;

import io.tidemill.storage.Damage;
import java.util.List;
import java.util.Optional;

/**
 * The checkpoint to go on from.
 *
 * @param checkpoint the newest that is whole; empty where there is none
 * @param damages what was found broken in newer ones, newest first, for the user to be told
 */
public record LatestCheckpoint(Optional<StoredCheckpoint> checkpoint, List<Damage> damages) {
  public LatestCheckpoint {
    damages = List.copyOf(damages);
  }
}
