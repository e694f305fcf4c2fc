package io.tidemill.local;

import io.tidemill.link.PeerLinks;
import java.util.Optional;

/** Says when links have refused streams. Confined to one thread. */
final class RefusedStreams {
  private final String group;
  private final PeerLinks links;
  private long told;

  /** {@code group} is who talks to each other, in words. */
  RefusedStreams(String group, PeerLinks links) {
    this.group = group;
    this.links = links;
  }

  /** What to say of those that were refused since this was asked last. */
  Optional<String> fresh() {
    long refused = links.refused();
    if (refused == told) {
      return Optional.empty();
    }
    told = refused;
    return Optional.of(
        "%s has refused %d streams at %s: they are of another attempt, or of strangers"
            .formatted(group, refused, links.address()));
  }
}
